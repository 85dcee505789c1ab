"""One measurement at a time on a device: two would disturb each other."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wattnas.errors import DeviceError

_AGAIN_S = 0.25
_SAID_S = 15.0


class Lock:
    """A lock that the system releases when its holder ends, however it ends.

    Workers inherit it (`handle`), so that it holds as long as one of them still runs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handle: int | None = None

    def take(self, patience_s: float, say: Callable[[str], None], gone: Callable[[], bool]) -> None:
        """Wait until the lock is free and take it; does nothing where it is held already.

        Args:
            patience_s: seconds to wait for another holder to end.
            say: hears that another holder is waited for.
            gone: whether nobody waits any more.

        Raises:
            DeviceError: another holder did not end in time, or nobody waits any more.
        """
        if self.handle is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._wait(handle, patience_s, say, gone)
        except BaseException:
            os.close(handle)
            raise
        self.handle = handle

    def _wait(
        self, handle: int, patience_s: float, say: Callable[[str], None], gone: Callable[[], bool]
    ) -> None:
        start, said = time.monotonic(), -_SAID_S
        while not _try(handle):
            waited = time.monotonic() - start
            if gone() or waited > patience_s:
                raise DeviceError(
                    f"Another measurement holds this device ({self.path}).", "Try again when it has ended."
                )
            if waited - said >= _SAID_S:
                said = waited
                say("Another measurement runs on this device; waiting for it to end.")
            time.sleep(_AGAIN_S)

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


def _try(handle: int) -> bool:
    if sys.platform == "win32":  # no such lock there: measure one thing at a time by hand
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
