"""wattnas builds the neural network that just meets your goal, with least energy and time on your device."""

__version__ = "0.1.0"
