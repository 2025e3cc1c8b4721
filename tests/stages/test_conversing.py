from __future__ import annotations

import json

import pytest

from engine.faults import Fault
from engine.formats import FORMATS
from engine.stages.conversing import Conversing, convert_whole, refusal_in
from engine.web import Headers
from tests.tools.step import World, targets

CHAT, CLAUDE = FORMATS["openai_chat"], FORMATS["anthropic_messages"]
(TARGET,) = targets("a", format="anthropic_messages")
REPLY = json.dumps({"type": "message", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}).encode()


def conversing(messages: list[dict[str, str]]) -> Conversing:
    world = World()
    exchange = world.chat("m")
    exchange.chat.document = {"model": "m", "messages": messages}
    exchange.chat.body = json.dumps(exchange.chat.document).encode()
    return Conversing(exchange, CHAT, world.services, "warn")


def test_a_request_and_its_reply_each_in_the_other_format() -> None:
    conversion, sending = conversing([{"role": "user", "content": "hello"}]).begin(TARGET, FORMATS[TARGET.format])
    assert sending.path == "/v1/v1/messages"
    assert json.loads(sending.body)["messages"][0]["role"] == "user"
    whole = convert_whole(200, Headers(), REPLY, conversion)
    assert json.loads(whole.body)["choices"][0]["message"]["content"] == "hi"
    assert (whole.heard is not None, whole.conversion) == (True, conversion)


def test_nothing_said_is_nothing_to_send() -> None:
    """A16"""
    with pytest.raises(Fault) as caught:
        conversing([]).begin(TARGET, FORMATS[TARGET.format])
    assert (caught.value.code, caught.value.status) == ("invalid_body", 400)
    conversing([{"role": "system", "content": "be brief"}]).begin(TARGET, FORMATS[TARGET.format])


def test_what_is_no_reply_is_a_fault() -> None:
    conversion, _ = conversing([{"role": "user", "content": "hello"}]).begin(TARGET, FORMATS[TARGET.format])
    with pytest.raises(Fault, match="upstream_bad_body"):
        convert_whole(200, Headers(), b"<html>", conversion)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"type":"error","error":{"type":"invalid_request_error","message":"too long"}}', "too long"),
        (b'{"error":{"type":"of_its_own","message":"too long"}}', "too long"),  # the status says what it is
        (b'{"error":{"type":"authentication_error","message":"your key sk-1 is wrong"}}', ""),
        (b"<html>", ""),
        (b"[]", ""),
    ],
)
def test_a_providers_own_word_on_a_request(body: bytes, says: str) -> None:
    fault = refusal_in(body, 422, CLAUDE)
    assert (fault.code, fault.status, fault.detail) == ("upstream_refused", 422, says)
