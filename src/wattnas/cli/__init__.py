"""The command-line program: one command per stage. Nothing imports it."""

from wattnas.cli.app import main

__all__ = ["main"]
