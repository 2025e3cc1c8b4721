from __future__ import annotations

from engine.faults import Fault
from engine.formats.styles import STYLES
from engine.formats.styles.plain import STYLE


def test_the_words_and_nothing_else() -> None:
    assert STYLE.write(Fault("not_found"), "req-1") == b"no route matches this path"
    assert STYLE.media_type.startswith(b"text/plain")
    assert STYLES["plain"] is STYLE


def test_a_streams_end_is_left_to_the_format() -> None:
    assert STYLE.event(Fault("internal"), "req-1") is None
