"""`python -m wattnas` is the command-line program."""

from wattnas.cli import main

main()
