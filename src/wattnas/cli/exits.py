"""Exit codes that the commands give; the README lists them, with those of the errors (`errors.py`)."""

UNUSABLE = 2
"""Something given cannot be used; a command that does many things has done the rest."""

MISSED = 3
"""Done, but the goal is not met or a bound does not hold."""

INTERRUPTED = 130
"""Stopped with Ctrl-C."""
