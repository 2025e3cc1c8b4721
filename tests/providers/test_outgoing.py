from __future__ import annotations

from typing import Any

import pytest

from engine.formats import FORMATS
from engine.program import Provider
from engine.providers.outgoing import outgoing
from engine.providers.targets import targets_of
from engine.secret import Secret
from engine.targets import Origin, Target
from engine.web import CREDENTIALS, HOP_BY_HOP, Headers, Pair, Request

BODY = b'{ "messages": [],\n "model": "asked" , "x": 1.50, "stream": true }'
CHAT = FORMATS["openai_chat"]


def target(model: str = "", **fields: Any) -> Target:
    given = {"name": "p", "kind": "openai", "format": "openai_chat", "credential": "bearer", "path": "/v1", **fields}
    return targets_of(Provider(origin=Origin("https", "api.test", 443), keys=(Secret("k"),), **given), model)[0]


def request(*pairs: Pair, query: str = "") -> Request:
    return Request("POST", "/v1/chat/completions", query, Headers(pairs))


@pytest.mark.parametrize("model", ["", "asked"])
def test_the_clients_bytes_pass_untouched(model: str) -> None:
    sent = outgoing(target(model), CHAT.peek(BODY, {}, ""), request(), CHAT)
    assert sent.body is BODY
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")


def test_only_the_model_is_replaced() -> None:
    sent = outgoing(target("served"), CHAT.peek(BODY, {}, ""), request(), CHAT)
    assert sent.body == BODY.replace(b'"asked"', b'"served"')


@pytest.mark.parametrize(("stream", "accept"), [(b"true", b"text/event-stream"), (b"false", b"application/json")])
def test_accept_says_what_is_wanted(stream: bytes, accept: bytes) -> None:
    sent = outgoing(target(), CHAT.peek(b'{"messages":[],"stream":%b}' % stream, {}, ""), request(), CHAT)
    assert sent.pairs == ((b"accept", accept),)


def test_of_the_clients_headers_only_named_ones_travel() -> None:
    """I2 and reliability.md 4.8."""
    secrets = [(name, b"client-secret") for name in sorted(CREDENTIALS | HOP_BY_HOP)]
    others = [(b"host", b"gateway"), (b"user-agent", b"sdk"), (b"x-stainless-os", b"Linux"), (b"content-length", b"5")]
    named = [(b"openai-beta", b"b"), (b"x-trace", b"t")]
    sent = outgoing(target(forward=(b"x-trace",)), CHAT.peek(BODY, {}, ""), request(*secrets, *others, *named), CHAT)
    assert list(sent.pairs[1:]) == named


def test_a_header_that_the_table_sets_is_not_sent_twice() -> None:
    made = target(forward=(b"x-team",), headers=((b"x-team", b"ours"),))
    sent = outgoing(made, CHAT.peek(BODY, {}, ""), request((b"x-team", b"theirs")), CHAT)
    assert [value for name, value in (*made.pairs, *sent.pairs) if name == b"x-team"] == [b"ours"]


def test_what_connection_lists_was_meant_for_us() -> None:
    """RFC 9110 section 7.6.1."""
    pairs = ((b"connection", b"keep-alive, X-Trace"), (b"x-trace", b"t"), (b"openai-beta", b"b"))
    sent = outgoing(target(forward=(b"x-trace",)), CHAT.peek(BODY, {}, ""), request(*pairs), CHAT)
    assert sent.pairs[1:] == ((b"openai-beta", b"b"),)


def test_gemini_has_its_model_in_the_path() -> None:
    wire = FORMATS["gemini_generate"]
    made = target("gemini-3", kind="gemini", format="gemini_generate", credential="x-goog-api-key", path="/v1beta")
    path = "/gemini/v1beta/models/asked:streamGenerateContent"
    asked = wire.peek(b'{"contents":[]}', {"model": "asked"}, "alt=sse&key=client-secret", path)
    sent = outgoing(made, asked, request(query="alt=sse&key=client-secret"), wire)
    assert sent.path == "/v1beta/models/gemini-3:streamGenerateContent?alt=sse"
    assert sent.body is asked.body
