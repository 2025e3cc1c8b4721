from __future__ import annotations

from typing import Any

import httpx
import openai
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from engine.formats import FORMATS
from engine.parts import build
from engine.ports import Outgoing
from engine.providers.echo import EchoOptions, respond
from engine.script import Script
from engine.targets import Origin, Target
from engine.web import Pair

ECHO = Target("echo", "echo", "", "openai_chat", Origin("http", "echo.invalid", 80), "/v1")
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


def ask(document: object, *pairs: Pair, **options: Any) -> Script:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return respond(Outgoing(ECHO, "POST", "/v1/chat/completions", pairs, body), EchoOptions(**options))


def told(content: str = "one two three", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **fields}


def body_of(script: Script) -> bytes:
    return b"".join(step.data for step in script.steps)


def test_a_whole_reply_is_openais_and_always_the_same() -> None:
    script = ask(told(n=2))
    reply = ChatCompletion.model_validate(orjson.loads(body_of(script)), strict=True)
    assert (script.status, script.ending, script.delay) == (200, "end", 0.0)
    assert reply.model == "m"
    assert [c.message.content for c in reply.choices] == ["one two three"] * 2
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (3, 6, 9)
    assert body_of(ask(told(n=2))) == body_of(script)
    assert orjson.loads(body_of(ask(told("other"))))["id"] != reply.id


def test_our_own_format_hears_it() -> None:
    heard = FORMATS["openai_chat"].read_reply(body_of(ask(told())))
    assert heard.usage is not None
    assert (heard.fault, heard.served, heard.usage.input, heard.usage.output) == (None, "m", 3, 3)
    tap = FORMATS["openai_chat"].tap()
    for step in ask(told(stream=True, stream_options={"include_usage": True})).steps:
        tap.feed(step.data)
    assert (tap.finished, tap.served, tap.usage) == (True, "m", heard.usage)


def test_a_stream_keeps_its_pace() -> None:
    script = ask(told(stream=True), pace=0.5, delay=2.0)
    assert dict(script.headers)[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert script.delay == 2.0
    assert [step.delay for step in script.steps] == [0.0] + [0.5] * (len(script.steps) - 1)
    assert b'"usage"' not in body_of(script)


def test_the_openai_sdk_reads_it_all() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        script = ask(request.read())
        headers = [(name.decode(), value.decode()) for name, value in script.headers]
        return httpx.Response(script.status, headers=headers, content=body_of(script))

    with (
        httpx.Client(transport=httpx.MockTransport(handle)) as http,
        openai.OpenAI(api_key="k", base_url="http://test/v1", http_client=http, max_retries=0) as client,
    ):
        create = client.chat.completions.create
        messages: Any = [{"role": "user", "content": "use get_weather for Paris"}]
        tools: Any = [WEATHER]
        assert create(model="m", messages=messages).choices[0].message.content == "use get_weather for Paris"
        call: Any = (create(model="m", messages=messages, tools=tools).choices[0].message.tool_calls or [])[0]
        assert (call.function.name, orjson.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
        with client.chat.completions.stream(model="m", messages=messages, tools=tools) as stream:
            final: Any = stream.get_final_completion().choices[0]
        assert final.finish_reason == "tool_calls"
        assert final.message.tool_calls[0].function.arguments == call.function.arguments
        with pytest.raises(openai.BadRequestError, match="whole number"):
            create(model="m", messages=messages, n=1000)


@pytest.mark.parametrize(
    ("status", "kind", "waits"),
    [
        (401, "invalid_request_error", False),
        (429, "rate_limit_error", True),
        (500, "server_error", False),
        (503, "server_error", True),
    ],
)
def test_it_fails_as_told(status: int, kind: str, waits: bool) -> None:
    script = ask(told(), fail=status, delay=1.0)
    assert (script.status, script.delay) == (status, 1.0)
    assert orjson.loads(body_of(script))["error"]["type"] == kind
    assert ((b"retry-after", b"1") in script.headers) == waits


@pytest.mark.parametrize(("option", "ending"), [("cut_after", "cut"), ("stall_after", "stall")])
def test_it_breaks_off_as_told(option: str, ending: str) -> None:
    whole = ask(told(stream=True))
    for events in (0, 2):
        script = ask(told(stream=True), **{option: events})
        assert script.ending == ending
        assert [s.data for s in script.steps] == [s.data for s in whole.steps[:events]]
    assert ask(told(stream=True), **{option: 1000}).ending == "end"
    reply = ask(told(), **{option: 5})
    assert (reply.status, reply.ending) == (200, ending)
    assert 0 < len(body_of(reply)) < len(body_of(ask(told())))


def test_requests_may_say_it_where_the_table_allows_it() -> None:
    pairs = (
        (b"x-echo-pace", b"100ms"),
        (b"x-echo-delay", b"3s"),
        (b"x-echo-cut-after", b"2"),
        (b"accept", b"x"),
    )
    script = ask(told(stream=True), *pairs, by_headers=True)
    assert (script.delay, script.ending, [s.delay for s in script.steps]) == (3.0, "cut", [0.0, 0.1])
    assert ask(told(), (b"x-echo-fail", b"429"), by_headers=True).status == 429
    assert ask(told(stream=True), (b"x-echo-stall-after", b"0"), by_headers=True).ending == "stall"
    assert ask(told(), (b"x-echo-fail", b"429")).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-echo-pace", b"5"),
        (b"x-echo-delay", b"-1s"),
        (b"x-echo-fail", b"200"),
        (b"x-echo-fail", b"x"),
        (b"x-echo-cut-after", b"-1"),
        (b"x-echo-cut-after", b"\xb2"),
        (b"x-echo-stall-after", b"9" * 5000),
    ],
)
def test_a_header_that_is_not_understood_is_refused(name: bytes, value: bytes) -> None:
    script = ask(told(), (name, value), by_headers=True)
    assert script.status == 400
    assert orjson.loads(body_of(script))["error"]["param"] == name.decode()


@pytest.mark.parametrize(
    "document", [b"", b"[]", told(n=0), told(n="2"), told(n=129), told(n=1.5), told(tool_choice="required")]
)
def test_what_a_provider_would_refuse_is_refused(document: object) -> None:
    script = ask(document)
    assert script.status == 400
    assert orjson.loads(body_of(script))["error"]["type"] == "invalid_request_error"


ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 200)
    | st.sampled_from(["user", "tool", "get_weather", "required", "json_schema", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "function", "name", "type", "text", "parameters", "schema"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
FIELDS = ["model", "messages", "tools", "tool_choice", "n", "stream", "stream_options", "max_tokens", "response_format"]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), ODD))
def test_odd_requests_are_no_harm(document: dict[str, Any]) -> None:
    script = ask(document)
    assert script.status in (200, 400)
    assert script.steps


def test_options_are_written_as_in_the_table() -> None:
    options = build(EchoOptions, {"pace": "5ms", "fail": 503, "by_headers": True})
    assert (options.pace, options.delay, options.fail, options.cut_after) == (0.005, 0.0, 503, None)
