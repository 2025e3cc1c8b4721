from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.openai_chat import FORMAT


def test_peek_keeps_the_body() -> None:
    body = b'{"messages": [{"role":"user","content":"hi"}], "model" : "gpt-4o", "stream":true}'
    asked = FORMAT.peek(body, {}, "")
    assert (asked.model, asked.stream, asked.body) == ("gpt-4o", True, body)
    assert FORMAT.rename(asked, "x/y") == body.replace(b'"gpt-4o"', b'"x/y"')
    assert FORMAT.path(asked, "x/y", "api-version=1&key=secret") == "/chat/completions"


@pytest.mark.parametrize("body", [b"{}", b'{"messages":"hi"}'])
def test_messages_are_needed(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        FORMAT.peek(body, {}, "")
    assert (caught.value.code, caught.value.param) == ("invalid_body", "messages")


def test_a_missing_model_may_be_given() -> None:
    asked = FORMAT.peek(b'{"messages":[]}', {}, "")
    assert asked.model == ""
    assert FORMAT.rename(asked, "m") == b'{"model":"m","messages":[]}'
