from __future__ import annotations

import json

import pytest

from engine.exchange import Exchange
from engine.faults import Fault
from tests.tools.step import World

PATH = "/gemini/v1beta/models/gemini-pro:generateContent"


class Arriving:
    def __init__(self, body: bytes) -> None:
        self.body = body

    async def read(self) -> bytes:
        return self.body


def decoded(body: bytes, query: str = "", words: str = "decode: {stream_in_body: true}", *, late: bool = False) -> Exchange:
    world = World().route(speaks="gemini_generate")
    more = {"incoming": Arriving(body)} if late else {}
    exchange = world.exchange(path=PATH, query=query, body=None if late else body, **more)
    exchange.captures = {"model": "gemini-pro"}
    return world.step(words, exchange)


@pytest.mark.parametrize("late", [False, True])
def test_a_body_may_ask_for_a_stream(late: bool) -> None:
    """A13: as server-sent events; the provider's own service would refuse the member."""
    exchange = decoded(b'{"contents":[{"parts":[{"text":"hi"}]}],"stream":true}', late=late)
    assert exchange.chat.stream
    assert json.loads(exchange.chat.body) == {"contents": [{"parts": [{"text": "hi"}]}]}
    assert "stream" not in exchange.chat.document
    assert exchange.request.query == "alt=sse"


def test_what_a_query_says_of_the_form_stays() -> None:
    assert decoded(b'{"contents":[],"stream":true}', "alt=json").request.query == "alt=json"
    assert decoded(b'{"contents":[],"stream":true}', "key=k").request.query == "key=k&alt=sse"


@pytest.mark.parametrize("word", [b"false", b"null"])
def test_a_body_may_also_say_that_it_wants_none(word: bytes) -> None:
    exchange = decoded(b'{"contents":[],"stream":%b}' % word)
    assert not exchange.chat.stream
    assert json.loads(exchange.chat.body) == {"contents": []}
    assert exchange.request.query == ""


def test_a_body_without_the_member_is_kept_as_it_came() -> None:
    body = b'{ "contents" : [] }'
    assert decoded(body).chat.body is body


@pytest.mark.parametrize("body", [b'{"contents":[],"stream":"yes"}', b'{"contents":[],"stream":true,"stream":false}'])
def test_a_wish_that_cannot_be_told_is_refused(body: bytes) -> None:
    with pytest.raises(Fault, match="stream"):
        decoded(body)


def test_a_large_body_loses_nothing() -> None:
    text = "x" * 300_000
    exchange = decoded(json.dumps({"contents": [{"parts": [{"text": text}]}], "stream": True}).encode())
    assert json.loads(exchange.chat.body)["contents"][0]["parts"][0]["text"] == text


def test_only_where_the_table_says_so() -> None:
    body = b'{"contents":[],"stream":true}'
    exchange = decoded(body, words="decode")
    assert not exchange.chat.stream
    assert exchange.chat.body is body
