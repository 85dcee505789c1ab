"""What runs on the device that is measured: this machine, or one behind ssh.

It travels as one file (`bundle.py`) and needs Python 3.9, the standard library, numpy and onnxruntime.
"""
