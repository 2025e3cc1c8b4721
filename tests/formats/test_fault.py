from __future__ import annotations

import math

import pytest

from engine.faults import Fault
from engine.formats.fault import fault_headers, seconds_of, words_of


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(None, None), (0.0, 0), (0.2, 1), (2.0, 2), (-5.0, 0), (1e9, 3600), (math.inf, 3600), (math.nan, None)],
)
def test_retry_after_is_sane(wait: float | None, seconds: int | None) -> None:
    """F-13: 0 to 3600, never earlier than said."""
    fault = Fault("upstream_rate_limit", retry_after=wait)
    assert seconds_of(fault) == seconds
    given = dict(fault_headers(fault)).get(b"retry-after")
    assert given == (None if seconds is None else str(seconds).encode())


def test_a_401_carries_a_challenge_once() -> None:
    assert (b"www-authenticate", b'Bearer realm="engine"') in fault_headers(Fault("missing_key"))
    own = Fault("missing_key", headers=((b"www-authenticate", b"Basic"),))
    assert fault_headers(own) == [(b"www-authenticate", b"Basic")]
    assert fault_headers(Fault("forbidden")) == []


def test_the_faults_own_headers_travel() -> None:
    assert fault_headers(Fault("method_not_allowed", headers=((b"allow", b"GET"),))) == [(b"allow", b"GET")]


def test_words_are_fit_for_json_and_bounded() -> None:
    words = words_of(Fault("not_found", "a\ud800b" + "c" * 5000))
    words.encode()
    assert len(words) == 1000
