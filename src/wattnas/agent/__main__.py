"""The agent's command line: `python3 wattnas-agent.pyz serve | work TASK | probe | clean`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wattnas
from wattnas.agent.facts import print_versions
from wattnas.agent.lock import Lock
from wattnas.agent.serve import Agent, Host
from wattnas.agent.store import Store, default_folder
from wattnas.errors import WattnasError

_LOCK_S = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            return _serve(Store(options.folder))
        if options.command == "clean":
            return _clean(Store(options.folder))
        if options.command == "probe":
            return print_versions()
        from wattnas.agent.work import main as work  # numpy and onnxruntime: only where they are used

        return work([options.task])
    except WattnasError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def own_command() -> list[str]:
    """The words that start this very agent: from its one file, or from the sources."""
    archives = [path for path in Path(wattnas.__file__).parents if path.is_file()]
    return [sys.executable, *([str(archives[0])] if archives else ["-m", "wattnas.agent"])]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wattnas-agent", description="Measures networks on this device.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("serve", "answer a host on standard input"), ("clean", "remove files and results")):
        command = commands.add_parser(name, help=about)
        command.add_argument(
            "--folder", type=Path, default=default_folder(), help="where the agent keeps files"
        )
    commands.add_parser("probe", help="print the versions of numpy and onnxruntime")
    commands.add_parser("work", help="do one task").add_argument("task", help="a JSON file")
    return parser


def _serve(store: Store) -> int:
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    # What a library prints must not end up between our lines: standard output becomes standard error.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sink.write(b"\n")  # ends a line that a start-up script of the shell may have begun
    sink.flush()
    Agent(Host(sys.stdin.buffer, sink), store, own_command()).serve()
    return 0


def _clean(store: Store) -> int:
    lock = Lock(store.folder / "lock")
    lock.take(_LOCK_S, lambda message: print(message, file=sys.stderr), lambda: False)
    try:
        files, size = store.clean()
    finally:
        lock.release()
    print(f"{files} files removed, {size / 1e6:.1f} MB, from {store.folder}")
    return 0


def _stop(*_: Any) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
