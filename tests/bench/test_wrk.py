from __future__ import annotations

import pytest

from bench import wrk
from bench.work import Work


def test_the_script_holds_each_request_byte_for_byte() -> None:
    made = wrk.script(Work("any", (b'POST / "a"\r\n\r\n{\\}', b"\xc3\xa90")))
    assert r'"POST / \034a\034\013\010\013\010{\092}"' in made
    assert r'"\195\1690"' in made


def test_what_it_says_is_read_in_seconds() -> None:
    told = wrk.told("Requests/sec: 1\nfigures 200 2000000 3 250 1500 4000\n")
    assert (told.seconds, told.requests, told.errors) == (2.0, 200, 3)
    assert (told.p50, told.p99, told.p999) == (0.00025, 0.0015, 0.004)


def test_no_figures_are_an_error_with_its_reason() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        wrk.told("", "unable to connect to 127.0.0.1:1 Connection refused\n")
