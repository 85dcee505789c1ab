"""Exit codes that the commands share; the README lists them all."""

UNUSABLE = 2
"""Something given cannot be used; a command that does many things has done the rest."""
