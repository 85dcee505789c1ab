from __future__ import annotations

import pytest

from wattnas.progress import Progress, Silent


def test_the_silent_watcher_hears_everything_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    watcher: Progress = Silent()
    watcher.start("search", total=10, done=2)
    watcher.advance(1)
    watcher.show(epoch=0, epochs=1, loss=1.0)
    watcher.say("hello")
    watcher.end()
    assert capfd.readouterr() == ("", "")
