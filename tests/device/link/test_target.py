"""Targets: what they mean, and that nothing a shell or ssh could misread comes through."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wattnas.device.link.target import Target
from wattnas.errors import ConfigError, WattnasError


@pytest.mark.parametrize(
    ("text", "target", "name", "by_hand"),
    [
        ("ssh://pi", Target("pi"), "ssh://pi", "ssh pi"),
        ("ssh://pi/", Target("pi"), "ssh://pi", "ssh pi"),
        (
            "ssh://me@raspberrypi.local:2222",
            Target("raspberrypi.local", "me", 2222),
            "ssh://me@raspberrypi.local:2222",
            "ssh -p 2222 me@raspberrypi.local",
        ),
        (
            "ssh://me@[fe80::1]:22",
            Target("fe80::1", "me", 22),
            "ssh://me@[fe80::1]:22",
            "ssh -p 22 me@fe80::1",
        ),
        (
            "ssh://pi?python=~/wattnas-venv/bin/python&dir=/data/wattnas",
            Target("pi", python="wattnas-venv/bin/python", folder="/data/wattnas"),
            "ssh://pi",
            "ssh pi",
        ),
        (
            "ssh://10.0.0.7/?python=python3.11",
            Target("10.0.0.7", python="python3.11"),
            "ssh://10.0.0.7",
            "ssh 10.0.0.7",
        ),
    ],
)
def test_what_targets_mean(text: str, target: Target, name: str, by_hand: str) -> None:
    found = Target.parse(text)
    assert (found, found.name, found.by_hand) == (target, name, by_hand)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ssh://", "no host name"),
        ("ssh://-oProxyCommand=evil", "no host name"),
        ("ssh://a b", "no host name"),
        ("ssh://a;b", "no host name"),
        ("ssh://$(a)", "no host name"),
        ("ssh://a\n", "no host name"),
        ("ssh://ä.example", "no host name"),
        ("ssh://-l@host", "no user name"),
        ("ssh://@host", "no user name"),
        ("ssh://a'b@host", "no user name"),
        ("ssh://me:secret@host", "holds a password"),
        ("ssh://host:0", "no port"),
        ("ssh://host:65536", "no port"),
        ("ssh://host:2x", "no port"),
        ("ssh://host:", "no port"),
        ("ssh://host:٢٢", "no port"),
        ("ssh://host/home", "not of the form"),
        ("http://host", "not of the form"),
        ("ssh://[::1", "not of the form"),
        ("ssh://host?python=a b", "no path"),
        ("ssh://host?python=$(a)", "no path"),
        ("ssh://host?python=a;b", "no path"),
        ("ssh://host?python=-c", "no path"),
        ("ssh://host?python=../python", "no path"),
        ("ssh://host?dir=/a/../b", "no path"),
        ("ssh://host?dir=", "no path"),
        ("ssh://host?python=a&python=b", "each once"),
        ("ssh://host?password=x", "not python=PATH or dir=FOLDER"),
    ],
)
def test_targets_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Target.parse(text)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        Target.parse("ssh://me:secret@host")
    assert "secret" not in str(caught.value)


@settings(max_examples=300)
@given(
    st.text(max_size=60)
    | st.text(max_size=60).map(lambda rest: f"ssh://{rest}")
    | st.tuples(*[st.text("aZ09._-~+/:@?=&[]$;' \n\\\"`|<>*#%", max_size=8)] * 3).map(
        lambda parts: f"ssh://{parts[0]}host:22?python={parts[1]}&dir={parts[2]}"
    )
)
@example("ssh://host?python=a\n")
def test_random_text_ends_in_our_error_or_in_harmless_words(text: str) -> None:
    try:
        target = Target.parse(text)
    except WattnasError as error:
        assert str(error).isprintable()
        return
    words = [target.host, target.user or "u", target.python, target.folder]
    for word in words:
        assert re.fullmatch(r"[A-Za-z0-9_.+@:/-]+", word) and not word.startswith("-")
