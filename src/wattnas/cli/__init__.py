"""The command-line program: one command per stage. Nothing imports it."""

import os

SPINS = "10000"
"""How often a thread of GNU's OpenMP, as torch for Linux has it, looks for work before it sleeps.

By default 300,000 times. Where another program keeps a core busy, the threads of one operation then wait for
the one that has no core, again and again, and keep theirs busy meanwhile (docs/engine.md)."""

# Before torch is loaded: OpenMP reads it once. Who has set one of these has a reason.
if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = SPINS

from wattnas.cli.app import main  # noqa: E402

__all__ = ["main"]
