"""examples/ai-gateway.yaml: what clients of three formats get from providers of three formats."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.tools.deployed import Deployed, deployed
from tests.tools.three import (
    FINISH,
    KEYS,
    PROVIDERS,
    TESTED,
    Document,
    Read,
    Three,
    answers,
    ask,
    data_of,
    events,
    path_of,
    read,
    read_stream,
    reply,
    streamed,
)  # fmt: skip

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\x00" * 24).decode()
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: dict[str, list[Document]] = {
    "openai": [{"type": "function", "function": {"name": "weather", "description": "d", "parameters": SCHEMA}}],
    "anthropic": [{"name": "weather", "description": "d", "input_schema": SCHEMA}],
    "gemini": [{"functionDeclarations": [{"name": "weather", "description": "d", "parameters": SCHEMA}]}],
}
IMAGES: dict[str, Document] = {
    "openai": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]}]},
    "anthropic": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "what is it?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]}]},
    "gemini": {"contents": [{"role": "user", "parts": [
        {"text": "what is it?"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]}]},
}  # fmt: skip
# Two calls in one turn, and both results: W-A1 to W-A3.
RESULTS: dict[str, Document] = {
    "openai": {"messages": [
        {"role": "user", "content": "both?"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}},
            {"id": "call_b", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}]},
        {"role": "tool", "tool_call_id": "call_a", "content": "sunny"},
        {"role": "tool", "tool_call_id": "call_b", "content": "rainy"}]},
    "anthropic": {"messages": [
        {"role": "user", "content": "both?"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_a", "name": "weather", "input": {"city": "Paris"}},
            {"type": "tool_use", "id": "call_b", "name": "weather", "input": {"city": "Rome"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_a", "content": "sunny"},
            {"type": "tool_result", "tool_use_id": "call_b", "content": [{"type": "text", "text": "rainy"}]}]}]},
    "gemini": {"contents": [
        {"role": "user", "parts": [{"text": "both?"}]},
        {"role": "model", "parts": [
            {"functionCall": {"name": "weather", "args": {"city": "Paris"}}},
            {"functionCall": {"name": "weather", "args": {"city": "Rome"}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "weather", "response": {"result": "sunny"}}},
            {"functionResponse": {"name": "weather", "response": {"result": "rainy"}}}]}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def three() -> Iterator[Three]:
    with Three() as it:
        yield it


@pytest.fixture(scope="module")
def served(three: Three) -> Iterator[Deployed]:
    with deployed(TESTED, "--listen", "127.0.0.1:0", **three.env) as it:
        yield it


def request_of(client: str, model: str, kind: str, stream: bool) -> Document:
    told = ask(client, model, stream=stream)
    if kind == "tools":
        return {**told, "tools": TOOLS[client]}
    return {**told, **{"text": {}, "images": IMAGES[client], "results": RESULTS[client]}[kind]}


def results_in(provider: str, body: Document) -> list[Any]:
    """The tool results that reached the provider, in order, each under the call that it belongs to."""
    if provider == "openai":
        asked = {call["id"]: call["function"]["arguments"] for m in body["messages"] for call in m.get("tool_calls") or []}
        return [(asked[m["tool_call_id"]], m["content"]) for m in body["messages"] if m["role"] == "tool"]
    if provider == "anthropic":
        blocks = [block for m in body["messages"] if isinstance(m["content"], list) for block in m["content"]]
        asked = {b["id"]: orjson.dumps(b["input"]).decode() for b in blocks if b["type"] == "tool_use"}
        results = [b for b in blocks if b["type"] == "tool_result"]
        texts = [b["content"] if isinstance(b["content"], str) else b["content"][0]["text"] for b in results]
        return [(asked[b["tool_use_id"]], text) for b, text in zip(results, texts, strict=True)]
    parts = [part for content in body["contents"] for part in content["parts"]]
    args = [orjson.dumps(part["functionCall"]["args"]).decode() for part in parts if "functionCall" in part]
    told = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
    return list(zip(args, (next(iter(one.values())) for one in told), strict=True))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", ["text", "tools", "images", "results"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", PROVIDERS)
def test_every_client_reaches_every_provider(
    served: Deployed, three: Three, client: str, provider: str, kind: str, stream: bool
) -> None:
    """A9, A13 to A29, B5.1 to B5.5 and B5.11: text, calls, images and results, whole and streamed."""
    model = f"{provider[0]}-{client}-{kind}-{stream}"
    answer = served.post(request_of(client, model, kind, stream), path_of(client, model))
    assert answer.status_code == 200, answer.text
    got = read_stream(client, answer.content) if stream else read(client, answer.json())
    if kind == "tools":
        assert got == Read("", [("weather", {"city": "Paris"})], FINISH[client]["calls"])
    else:
        assert got == Read("Hello world", [], FINISH[client]["stop"])
    assert answer.headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    (sent,) = three.sent(model)
    if kind == "images":
        told = orjson.dumps(sent.body)
        assert PNG.encode() in told
        assert b"image/png" in told
    if kind == "results":
        assert results_in(provider, sent.body) == [('{"city":"Paris"}', "sunny"), ('{"city":"Rome"}', "rainy")]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_provider_is_sent(served: Deployed, three: Three, provider: str) -> None:
    """A3, A14: a path before the API's version is kept, the provider's own credential goes out and never the client's."""
    model = f"{provider[0]}-headers"
    given = {"authorization": "Bearer mine", "x_api_key": "mine", "x_secret": "mine"}
    served.post(ask("openai", model, stream=True), path_of("openai", model), **given)
    (sent,) = three.sent(model)
    paths = {
        "openai": "/openai/pre/v1/chat/completions",
        "anthropic": "/anthropic/pre/v1/messages",
        "gemini": f"/gemini/pre/v1beta/models/{model}:streamGenerateContent?alt=sse",
    }
    assert sent.path == paths[provider]
    name = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}[provider]
    assert sent.headers[name] == f"{'Bearer ' if provider == 'openai' else ''}{KEYS[provider]}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept"] == "text/event-stream"
    assert sent.headers.get("anthropic-version") == ("2023-06-01" if provider == "anthropic" else None)
    assert "mine" not in sent.headers.values()
    assert "x-request-id" not in sent.headers


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_format_passes_as_it_is(served: Deployed, three: Three, provider: str) -> None:
    """B2: what only this format knows goes both ways."""
    model = f"{provider[0]}-same"
    told = {**answers(provider), "only_here": [1, 2.50]}
    three.play(model, reply(told))
    body = ask(provider, model, only_here_too={"a": None})
    answer = served.post(body, path_of(provider, model))
    assert answer.json() == told
    assert three.sent(model)[0].body == body


def test_system_prompts_stand_where_each_format_has_them(served: Deployed, three: Three) -> None:
    """B5.4"""
    asked = {"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]}
    for model in ("a-system", "g-system", "o-system"):
        served.post({"model": model, **asked}, path_of("openai", model))
    assert three.sent("a-system")[0].body["system"] in ("be brief", [{"type": "text", "text": "be brief"}])
    assert three.sent("g-system")[0].body["systemInstruction"]["parts"] == [{"text": "be brief"}]
    served.post(ask("anthropic", "o-system-2", system="be brief"), path_of("anthropic", ""))
    assert three.sent("o-system-2")[0].body["messages"][0] == {"role": "system", "content": "be brief"}


def test_parameters_usage_and_finish_travel(served: Deployed, three: Three) -> None:
    """W-A4"""
    more = {"max_tokens": 55, "temperature": 0.5, "top_p": 0.9, "stop": ["END"]}
    more |= {"tools": TOOLS["openai"], "tool_choice": "required"}
    cut = answers("anthropic")
    cut["stop_reason"] = "max_tokens"
    three.play("a-params", reply(cut))
    answer = served.post(ask("openai", "a-params", **more), path_of("openai", "")).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (10, 8)
    sent = three.sent("a-params")[0].body
    assert (sent["max_tokens"], sent["temperature"], sent["stop_sequences"]) == (55, 0.5, ["END"])
    assert sent["tool_choice"]["type"] == "any"
    three.play("g-params", reply(answers("gemini")))
    answer = served.post(ask("openai", "g-params", **more), path_of("openai", "")).json()
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (10, 8)
    config = three.sent("g-params")[0].body["generationConfig"]
    wanted = {"maxOutputTokens": 55, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}
    assert wanted.items() <= config.items()


def test_parallel_calls_of_gemini_have_ids_of_their_own(served: Deployed, three: Three) -> None:
    """B5.3, W-A5"""
    told = answers("gemini", tool=True)
    parts = [{"functionCall": {"name": "weather", "args": {"city": city}}} for city in ("Paris", "Rome")]
    told["candidates"][0]["content"]["parts"] = parts
    three.play("g-parallel", reply(told), streamed([b"data: %b\n\n" % orjson.dumps(told)]))
    body = ask("openai", "g-parallel", tools=TOOLS["openai"])
    (choice,) = served.post(body, path_of("openai", "")).json()["choices"]
    ids = [call["id"] for call in choice["message"]["tool_calls"]]
    assert len(set(ids)) == 2
    assert all(ids)
    stream = served.post({**body, "stream": True}, path_of("openai", "")).content
    assert read_stream("openai", stream).calls == [("weather", {"city": "Paris"}), ("weather", {"city": "Rome"})]


@pytest.mark.parametrize("client", PROVIDERS)
def test_thought_signatures_come_back_to_gemini(served: Deployed, three: Three, client: str) -> None:
    """A41, B5.6: whoever the client is, a signature that came with a call goes out with it again, whole and streamed."""
    told = answers("gemini", tool=True)
    told["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = "c2lnbmVk"
    for stream in (False, True):
        script = streamed([b"data: %b\n\n" % orjson.dumps(told)]) if stream else reply(told)
        model = three.play(f"g-signed-{client}-{stream}", script)
        body = ask(client, model, stream=stream, tools=TOOLS[client])
        answer = served.post(body, path_of(client, model))
        three.play(model, reply(answers("gemini")))
        again = served.post(_continued(client, body, answer.content, stream), path_of(client, model))
        assert again.status_code == 200, again.text
        parts = [part for content in three.sent(model)[1].body["contents"] for part in content["parts"]]
        (call,) = [part for part in parts if "functionCall" in part]
        assert call["thoughtSignature"] == "c2lnbmVk"


def _continued(client: str, body: Document, answer: bytes, stream: bool) -> Document:
    """The next turn: what the client was told, and a result."""
    body = {key: value for key, value in body.items() if key != "stream"}
    if client == "gemini":
        told = data_of(answer)[0] if stream else orjson.loads(answer)
        result = {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": "sunny"}}}]}
        return {**body, "contents": [*body["contents"], told["candidates"][0]["content"], result]}
    if client == "openai":
        message = _openai_message(data_of(answer)) if stream else orjson.loads(answer)["choices"][0]["message"]
        result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "sunny"}
        return {**body, "messages": [*body["messages"], message, result]}
    blocks = _anthropic_blocks(data_of(answer)) if stream else orjson.loads(answer)["content"]
    (call,) = [block for block in blocks if block["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "sunny"}
    turn = [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]
    return {**body, "messages": [*body["messages"], *turn]}


def _openai_message(data: list[Any]) -> Document:
    deltas = [choice["delta"] for document in data[:-1] for choice in document["choices"]]
    pieces = [call for delta in deltas for call in delta.get("tool_calls") or []]
    first = next(piece for piece in pieces if piece.get("id"))
    arguments = "".join(piece["function"].get("arguments", "") for piece in pieces)
    call = {"id": first["id"], "type": "function", "function": {"name": first["function"]["name"], "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [{**first, **call}]}


def _anthropic_blocks(data: list[Any]) -> list[Document]:
    blocks: list[Document] = []
    for event in data:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            if "partial_json" in delta:
                blocks[-1]["json"] = blocks[-1].get("json", "") + delta["partial_json"]
            for key in ("text", "thinking", "signature"):
                if key in delta:
                    blocks[-1][key] = blocks[-1].get(key, "") + delta[key]
    for block in blocks:
        if "json" in block:
            block["input"] = orjson.loads(block.pop("json"))
    return blocks


def test_thoughts_are_never_mixed_into_the_text(served: Deployed, three: Three) -> None:
    """W-A15"""
    told = answers("gemini")
    told["candidates"][0]["content"]["parts"].insert(0, {"text": "hm, secret", "thought": True})
    three.play("g-thought", reply(told))
    message = served.post(ask("openai", "g-thought"), path_of("openai", "")).json()["choices"][0]["message"]
    assert message["content"] == "Hello world"


def test_what_was_blocked_is_no_empty_success(served: Deployed, three: Three) -> None:
    """W-A15"""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3}}
    three.play("g-blocked", reply(blocked))
    answer = served.post(ask("openai", "g-blocked"), path_of("openai", ""))
    assert answer.status_code >= 400 or answer.json()["choices"][0]["finish_reason"] == "content_filter"


def test_a_stream_of_anthropics_is_strictly_one_block_after_another(served: Deployed, three: Three) -> None:
    """A27, B2"""
    three.play("o-blocks", streamed(events("openai", tool=True)))
    stream = served.post(ask("anthropic", "o-blocks", stream=True), path_of("anthropic", "")).content
    kinds = [event["type"] for event in data_of(stream)]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 1
    first = data_of(stream)[0]["message"]
    assert (first["content"], first["stop_reason"]) == ([], None)
    assert {"input_tokens", "output_tokens"} <= set(first["usage"])
    names = [line[7:] for line in stream.decode().split("\n") if line.startswith("event: ")]
    assert names == kinds


def test_gemini_streams_as_its_clients_ask(served: Deployed) -> None:
    """A13, A28, B2: `alt=sse` gives events, without it the path's own action gives one JSON array; none ends in [DONE]."""
    path = path_of("gemini", "o-gemini-stream", action="streamGenerateContent")
    told = served.post(ask("gemini", ""), f"{path}?alt=sse")
    assert read_stream("gemini", told.content).text == "Hello world"
    assert b"[DONE]" not in told.content
    array = served.post(ask("gemini", ""), path)
    assert array.headers["content-type"].startswith("application/json")
    assert [one["candidates"][0]["content"]["role"] for one in array.json()] == ["model"] * len(array.json())
    v1 = served.post(ask("gemini", "", stream=True), "/gemini/v1/models/o-gemini-v1:generateContent")
    assert read_stream("gemini", v1.content).text == "Hello world"


@pytest.mark.parametrize(
    ("client", "model", "broken", "names"),
    [
        ("openai", "a-check", {"messages": []}, "messages"),
        ("openai", "a-check", {"messages": [{"role": "boss", "content": "x"}]}, "role"),
        ("openai", "a-check", {"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ("openai", "a-check", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "image_url"),
        ("openai", "g-check", {"messages": [{"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": 5}}]}]}, "arguments"),
        ("openai", "g-check", {"tools": [{"type": "function", "function": {"parameters": {}}}]}, "name"),
        ("openai", "g-check", {"tools": [{"type": "function", "function": {"name": "f", "parameters": 5}}]}, "parameters"),
        ("anthropic", "o-check", {"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64"}}]}]}, "source"),
        ("anthropic", "o-check", {"tools": [{"name": "f", "input_schema": []}]}, "input_schema"),
        ("gemini", "o-check", {"contents": [{"role": "boss", "parts": []}]}, "role"),
        ("gemini", "o-check", {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png"}}]}]}, "data"),
        ("gemini", "o-check", {"contents": []}, "messages"),
        ("gemini", "a-check", {"generationConfig": {"maxOutputTokens": "many"}}, "maxOutputTokens"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_by_name(
    served: Deployed, three: Three, client: str, model: str, broken: Document, names: str
) -> None:
    """A16, B5.8: 400 and invalid_request, before anything is sent."""
    before = three.count("request")
    answer = served.post({**ask(client, model), **broken}, path_of(client, model))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request"
    assert names in answer.json()["error"]["message"]
    assert three.count("request") == before


def test_what_cannot_be_said_is_refused_or_told(served: Deployed) -> None:
    """B2: never silent."""
    refused = served.post(ask("openai", "a-lossy", n=2), path_of("openai", ""))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request")
    assert "n" in refused.json()["error"]["message"]
    told = served.post(ask("openai", "a-lossy", seed=7), path_of("openai", ""))
    assert told.status_code == 200
    assert "seed" in told.headers["x-gateway-warnings"]


def test_a_stream_with_other_lines_than_data(served: Deployed, three: Three) -> None:
    """W-A6: `id:`, `retry:` and comments are no data."""
    told = [b": hello\nid: 1\nretry: 5\n" + event for event in events("openai")]
    three.play("o-lines", streamed(told))
    stream = served.post(ask("anthropic", "o-lines", stream=True), path_of("anthropic", "")).content
    assert read_stream("anthropic", stream) == Read("Hello world", [], "end_turn")


@pytest.mark.parametrize("mime", ["image/jpeg", "image/webp"])
def test_the_type_of_an_image_is_what_its_address_says(served: Deployed, three: Three, mime: str) -> None:
    """W-A10"""
    part = {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{PNG}"}}
    for model in (f"a-{mime[6:]}", f"g-{mime[6:]}"):
        body = ask("openai", model) | {"messages": [{"role": "user", "content": [part]}]}
        assert served.post(body, path_of("openai", "")).status_code == 200
        (sent,) = three.sent(model)
        key = "media_type" if model.startswith("a") else "mimeType"
        assert orjson.dumps({key: mime})[1:-1] in orjson.dumps(sent.body)


def test_a_medium_that_is_no_image_keeps_its_type(served: Deployed, three: Three) -> None:
    """W-A10: audio goes on as audio, and is refused by name where a provider takes none."""
    parts = [{"text": "what is said?"}, {"inlineData": {"mimeType": "audio/mp3", "data": PNG}}]
    body = {"contents": [{"role": "user", "parts": parts}]}
    assert served.post(body, path_of("gemini", "o-audio")).status_code == 200
    (sent,) = three.sent("o-audio")
    audio = {"type": "input_audio", "input_audio": {"data": PNG, "format": "mp3"}}
    assert audio in sent.body["messages"][0]["content"]
    refused = served.post(body, path_of("gemini", "a-audio"))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request")
    assert "audio" in refused.json()["error"]["message"]


@pytest.mark.parametrize(("url", "status"), [("", 400), ("data:", 400), ("data:image/png", 400), ("x", 200)])
def test_a_short_address_of_an_image_is_no_crash(served: Deployed, url: str, status: int) -> None:
    """W-A9: what may be an address is the provider's to judge."""
    part = {"type": "image_url", "image_url": {"url": url}}
    body = ask("openai", "a-short") | {"messages": [{"role": "user", "content": [part]}]}
    answer = served.post(body, path_of("openai", ""))
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["error"]["type"] == "invalid_request"


def test_a_call_without_arguments_has_an_empty_input(served: Deployed, three: Three) -> None:
    """W-A13"""
    call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    turn = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "5"},
    ]
    body = ask("openai", "a-empty")
    body["messages"] += turn
    served.post(body, path_of("openai", ""))
    blocks = [block for message in three.sent("a-empty")[0].body["messages"][1:] for block in message["content"]]
    assert [block["input"] for block in blocks if block["type"] == "tool_use"] == [{}]


def test_neighbours_of_one_role_become_one_turn(served: Deployed, three: Three) -> None:
    """A21, B2"""
    body = ask("openai", "a-merge", "one")
    body["messages"].append({"role": "user", "content": "two"})
    served.post(body, path_of("openai", ""))
    assert [message["role"] for message in three.sent("a-merge")[0].body["messages"]] == ["user"]
