from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.anthropic_messages import FORMAT


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "/v1/messages"),
        ("beta=true", "/v1/messages?beta=true"),
        ("key=secret&beta=true", "/v1/messages?beta=true"),
        ("beta=true%0a", "/v1/messages"),
    ],
)
def test_of_the_query_only_beta_travels(query: str, path: str) -> None:
    asked = FORMAT.peek(b'{"model":"claude","messages":[],"max_tokens":1}', {}, query)
    assert FORMAT.path(asked, "claude", query) == path
    assert FORMAT.rename(asked, "x") == b'{"model":"x","messages":[],"max_tokens":1}'


def test_messages_are_needed() -> None:
    with pytest.raises(Fault) as caught:
        FORMAT.peek(b'{"model":"claude"}', {}, "")
    assert caught.value.param == "messages"
