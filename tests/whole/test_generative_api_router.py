"""examples/generative-api-router.yaml against the real command: the acceptance cases of the router that it stands for, by
their numbers (G1 to G48)."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, deployed
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, Script, Send, Stall, Wait, chunk, whole
from tests.tools.gateway import ROOT, environment
from tests.tools.running import until
from tests.tools.scripted import JSON, Scripted

EXAMPLE = ROOT / "examples/generative-api-router.yaml"
KEYS = {"OPENAI_API_KEY": "sk-openai-0123456789abcdef", "GEMINI_API_KEY": "AIza-gemini-0123456789"}
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
OPENAI, GEMINI = f"{CHAT}?vendor=openai", f"{CHAT}?vendor=gemini"


class Vendor(Scripted):
    """Plays one script, whatever it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.script: Script = ()

    def says(self, document: Any, status: int = 200, *fields: bytes) -> None:
        self.script = whole(orjson.dumps(document), status, JSON, *fields)

    def streams(self, *pieces: bytes, pace: float = 0.0) -> None:
        steps = [step for piece in pieces for step in (Send(chunk(piece)), Wait(pace))]
        self.script = [Send(CHUNKED_HEAD), *steps, Send(b"0\r\n\r\n")]

    def last(self) -> tuple[dict[str, str], dict[str, Any]]:
        head, _, body = self.requests[-1].partition(b"\r\n\r\n")
        pairs = (line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
        return {name.lower(): value for name, value in pairs}, orjson.loads(body)

    def _script_of(self, request: bytes) -> Script:
        return self.script


def reply(**more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "hello"}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {"id": "c1", "object": "chat.completion", "created": 5, "model": "served", "choices": choices, **more}


def delta(choice: dict[str, Any], **more: Any) -> bytes:
    event = {"id": "v1", "object": "chat.completion.chunk", "created": 1, "model": "served", "choices": [choice], **more}
    return b"data: " + orjson.dumps(event) + b"\n\n"


ROLE = delta({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None})
HI = delta({"index": 0, "delta": {"content": "hi"}, "finish_reason": None})
STOP = delta({"index": 0, "delta": {}, "finish_reason": "stop"})
DONE = b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, Vendor]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Vendor()) for name in ("openai", "gemini")}


@pytest.fixture(scope="module")
def served(vendors: dict[str, Vendor]) -> Iterator[Deployed]:
    urls = {f"{name.upper()}_BASE_URL": vendor.base_url for name, vendor in vendors.items()}
    with deployed(EXAMPLE.read_text(), HOST="127.0.0.1", PORT="0", **KEYS, **urls) as it:
        yield it


@pytest.fixture
def openai(vendors: dict[str, Vendor]) -> Vendor:
    for vendor in vendors.values():
        vendor.says(reply())
    return vendors["openai"]


@pytest.fixture
def gemini(openai: Vendor, vendors: dict[str, Vendor]) -> Vendor:
    return vendors["gemini"]


def chunks(body: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line[6:]) for line in body.split(b"\n\n") if line.startswith(b"data: {")]


def test_endpoints(served: Deployed) -> None:
    """G1, G2, G5, G44."""
    health = served.get("/health")
    assert (health.status_code, health.content) == (200, b"OK")
    assert health.headers["content-type"] == "text/plain; charset=utf-8"
    assert "engine_requests_total" in served.get("/metrics").text
    lost = served.get("/nowhere")
    assert (lost.status_code, lost.text) == (404, "404 page not found")
    assert lost.headers["content-type"].startswith("text/plain")
    assert lost.headers["access-control-allow-origin"] == "*"
    assert re.fullmatch("[0-9a-f]{16}", lost.headers["x-request-id"])


def test_models(served: Deployed) -> None:
    """G3."""
    told = served.get("/v1/models").json()
    assert told["object"] == "list"
    assert [(m["id"], m["owned_by"], m["object"]) for m in told["data"]] == [
        ("gpt-4o", "openai", "model"),
        ("gpt-4o-mini", "openai", "model"),
        ("gemini-2.0-flash", "gemini", "model"),
        ("gemini-1.5-pro", "gemini", "model"),
    ]
    assert all(set(m) == {"id", "object", "created", "owned_by"} for m in told["data"])
    only = served.get("/v1/models?vendor=openai").json()["data"]
    assert {m["owned_by"] for m in only} == {"openai"}
    assert served.get("/v1/models?vendor=nobody").json()["data"] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_chat_takes_post_only(served: Deployed, method: str) -> None:
    """G4."""
    refused = httpx.request(method, served.url + CHAT)
    assert (refused.status_code, refused.text) == (405, "Method not allowed")


@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/health", "/nowhere"])
def test_preflights_are_answered_on_any_path(served: Deployed, path: str) -> None:
    """G44."""
    told = httpx.options(served.url + path)
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["access-control-allow-origin"] == "*"
    assert told.headers["access-control-allow-methods"] == "POST, GET, OPTIONS, PUT, DELETE"
    assert told.headers["access-control-allow-headers"].startswith("Accept, Content-Type")


def test_the_vendor_filter(served: Deployed, openai: Vendor, gemini: Vendor) -> None:
    """G7, G8, G46: before the body is looked at, exact, and empty is none."""
    for name in ("anthropic", "OpenAI"):
        refused = served.post(b"no json", f"{CHAT}?vendor={name}")
        says = f"No credentials available for vendor: {name}"
        assert (refused.status_code, refused.json()) == (400, {"error": {"type": "validation_error", "message": says}})
    before = len(gemini.requests)
    for _ in range(8):
        assert served.post(HELLO, OPENAI).headers["x-vendor-source"] == "openai"
    assert len(gemini.requests) == before
    assert served.post(HELLO, f"{CHAT}?vendor=").status_code == 200
    assert len(openai.requests) >= 8


def test_a_vendor_with_keys_and_no_models() -> None:
    """G8."""
    text = EXAMPLE.read_text()
    kept = [line for line in text.splitlines() if "provider: gemini}" not in line]
    with deployed("\n".join(kept), HOST="127.0.0.1", PORT="0", **KEYS) as it:
        refused = it.post(HELLO, GEMINI)
        assert refused.status_code == 400
        assert refused.json()["error"]["message"] == "No models available for vendor: gemini"


TOOL = {"type": "function", "function": {"name": "f"}}
CHOICE = "invalid 'tool_choice': "
WRONG = [
    ([], "invalid request format: "),
    (b"", "invalid request format: "),
    (b"{", "invalid request format: "),
    ({}, "missing 'messages' field in request"),
    ({**HELLO, "tools": None}, "invalid 'tools' format: must be an array"),
    ({**HELLO, "tools": "x"}, "invalid 'tools' format: must be an array"),
    *(
        ({**HELLO, "tools": [tool]}, "invalid 'tools' format: each tool must have type 'function' and a 'function' object")
        for tool in (1, {"type": "x", "function": {}}, {"type": "function"}, {"type": "function", "function": None})
    ),
    ({**HELLO, "tool_choice": "invalid"}, f"{CHOICE}must be 'none', 'auto', 'required', or a function object"),
    (
        {**HELLO, "tool_choice": {"type": "x", "function": {}}},
        f"{CHOICE}function object must have type 'function' and a 'function' field",
    ),
    ({**HELLO, "tool_choice": 123}, f"{CHOICE}must be a string or function object"),
    ({**HELLO, "tool_choice": None}, f"{CHOICE}must be a string or function object"),
    ({**HELLO, "stream": "true"}, "invalid 'stream' field: must be boolean"),
    ({**HELLO, "stream": 1}, "invalid 'stream' field: must be boolean"),
    ({**HELLO, "stream": None}, "invalid 'stream' field: must be boolean"),
    ({**HELLO, "tools": 1, "tool_choice": 1, "stream": 1}, "invalid 'tools' format: must be an array"),
]


@pytest.mark.parametrize(("body", "says"), WRONG)
def test_what_is_wrong_is_said_in_one_line(served: Deployed, openai: Vendor, body: Any, says: str) -> None:
    """G9, G10, G12 to G16."""
    before = len(openai.requests)
    refused = served.post(body if isinstance(body, bytes) else orjson.dumps(body), OPENAI)
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "text/plain; charset=utf-8"
    assert refused.text == says or (says.endswith(": ") and refused.text.startswith(says))
    assert len(openai.requests) == before


@pytest.mark.parametrize(
    "more",
    [
        {"messages": None},
        {"messages": "text"},
        {"messages": []},
        {"tools": []},
        {"tools": [TOOL]},
        *({"tools": [TOOL], "tool_choice": choice} for choice in ("auto", "none", "required", TOOL)),
        {"stream": False},
        {"unknown": {"kept": [1, 2.5, None]}, "model": 7},
    ],
)
def test_all_else_passes_untouched(served: Deployed, openai: Vendor, more: dict[str, Any]) -> None:
    """G10 to G15: only the model is another."""
    assert served.post({**HELLO, **more}, OPENAI).status_code == 200
    sent = openai.last()[1]
    assert sent.pop("model") in ("gpt-4o", "gpt-4o-mini")
    assert sent == {key: value for key, value in {**HELLO, **more}.items() if key != "model"}


@pytest.mark.parametrize(
    ("given", "shown"), [("my-custom-model", "my-custom-model"), ("", "any-model"), (None, "any-model"), (3, "any-model")]
)
def test_the_clients_model_is_shown(served: Deployed, openai: Vendor, given: Any, shown: str) -> None:
    """G11, in a whole reply and in every chunk; A6.2."""
    assert served.post({**HELLO, "model": given}, OPENAI).json()["model"] == shown
    assert served.post(HELLO, OPENAI).json()["model"] == "any-model"
    openai.streams(ROLE, HI, STOP, DONE)
    told = chunks(served.post({**HELLO, "model": given, "stream": True}, OPENAI).content)
    assert {chunk["model"] for chunk in told} == {shown}


def test_selection_is_even_over_combinations(served: Deployed, openai: Vendor, gemini: Vendor) -> None:
    """G17, G20: the log row says what was chosen, and out of how many."""
    seen = Counter()
    with httpx.Client() as client:
        for number in range(200):
            told = client.post(served.url + CHAT, json=HELLO, headers={"x-request-id": f"even-{number}"})
            assert told.status_code == 200
    for number in range(200):
        row = served.row(f"even-{number}")
        assert row["message"] == (
            f"Even distribution selected combination - Vendor: {row['selected_provider']}, "
            f"Model: {row['selected_model']} (from 4 total combinations)"
        )
        seen[row["selected_model"]] += 1
    assert set(seen) == {"gpt-4o", "gpt-4o-mini", "gemini-2.0-flash", "gemini-1.5-pro"}
    assert min(seen.values()) > 20
    assert len(openai.requests) > 50 < len(gemini.requests)


def test_the_upstream_call(served: Deployed, openai: Vendor) -> None:
    """G21, W-G14: the vendor's own key, and nothing of the client's that concerns only us."""
    mine = {"authorization": "Bearer client", "cookie": "a=b", "content-type": "application/x-www-form-urlencoded"}
    assert served.post(HELLO, OPENAI, **mine).status_code == 200
    headers, _ = openai.last()
    assert openai.requests[-1].startswith(b"POST /v1/chat/completions ")
    assert headers["authorization"] == f"Bearer {KEYS['OPENAI_API_KEY']}"
    assert "cookie" not in headers
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "script", [[Close()], [Send(b"nonsense\r\n\r\n"), Close()], whole(b"<html>", 200, b"content-type: text/html")]
)
def test_a_vendor_that_cannot_be_understood(served: Deployed, openai: Vendor, script: Script) -> None:
    """G23."""
    openai.script = script
    failed = served.post(HELLO, OPENAI)
    assert failed.status_code == 502
    assert failed.headers["content-type"] == "text/plain; charset=utf-8"
    assert failed.text.startswith("Failed to communicate with upstream service: ")


@pytest.mark.parametrize("lacks", ["choices", "object"])
def test_a_reply_that_lacks_what_it_must_have(served: Deployed, openai: Vendor, lacks: str) -> None:
    """G24."""
    openai.says({key: value for key, value in reply().items() if key != lacks})
    failed = served.post(HELLO, OPENAI)
    says = f"Failed to communicate with upstream service: invalid vendor response: missing required field '{lacks}'"
    assert (failed.status_code, failed.text) == (502, says)


def test_a_whole_reply_is_filled(served: Deployed, openai: Vendor) -> None:
    """G25 to G27, A6.6."""
    openai.says(reply(id="", system_fingerprint=5, usage={"prompt_tokens": 10, "completion_tokens": 20}, x_extra=[1]))
    told = served.post(HELLO, OPENAI).json()
    assert re.fullmatch("chatcmpl-[0-9a-f]{20}", told["id"])
    assert re.fullmatch("fp_[0-9a-f]{18}", told["system_fingerprint"])
    assert (told["service_tier"], told["created"], told["x_extra"]) == ("default", 5, [1])
    assert told["choices"][0]["logprobs"] is None
    assert told["choices"][0]["message"]["annotations"] == []
    assert told["choices"][0]["message"]["refusal"] is None
    usage = told["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (10, 20, 0)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 0, "audio_tokens": 0}
    assert sum(usage["completion_tokens_details"].values()) == 0 < len(usage["completion_tokens_details"])
    openai.says(reply(system_fingerprint="fp_1", service_tier="flex"))
    kept = served.post(HELLO, OPENAI).json()
    assert (kept["id"], kept["system_fingerprint"], kept["service_tier"]) == ("c1", "fp_1", "flex")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_a_vendors_error_keeps_its_status(served: Deployed, openai: Vendor, status: int, stream: bool) -> None:
    """G28, W-G1, W-G2: also when a stream was asked for."""
    openai.says({"error": {"message": f"no: {KEYS['OPENAI_API_KEY']}", "code": "invalid_api_key"}}, status)
    told = served.post({**HELLO, "stream": stream}, OPENAI)
    assert told.status_code == status
    error = {"message": "no: ***", "code": "invalid_api_key", "type": "invalid_api_key_error", "param": None}
    assert told.json() == {"error": error}
    assert told.headers["x-vendor-source"] == "openai"


def test_other_errors_of_vendors(served: Deployed, openai: Vendor) -> None:
    """G28, G29, W-G5."""
    openai.says({"error": {"message": "no", "code": None}}, 400)
    assert served.post(HELLO, OPENAI).json()["error"]["type"] == "api_error"
    openai.says([{"error": {"message": "no", "code": 400, "status": "INVALID_ARGUMENT"}}], 400)
    told = served.post(HELLO, OPENAI)
    error = {"message": "no", "code": 400, "status": "INVALID_ARGUMENT", "type": "400_error", "param": None}
    assert (told.status_code, told.json()) == (400, {"error": error})


OURS = {
    "server": "Generative-API-Router/1.0",
    "x-powered-by": "Generative-API-Router",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
    "referrer-policy": "strict-origin-when-cross-origin",
    "access-control-expose-headers": "X-Request-ID, X-Response-Time",
}
THEIRS = (
    b"x-ratelimit-limit: 5",
    b"cf-ray: 1",
    b"alt-svc: h3",
    b"x-goog-x: 1",
    b"vary: Origin",
    b"server: nginx",
    b"x-request-id: up",
)


def test_headers_are_ours_alone(served: Deployed, openai: Vendor, gemini: Vendor) -> None:
    """G30, G34, A6.11."""
    openai.says(reply(), 200, *THEIRS)
    gemini.says(reply(), 200, *THEIRS)
    told = {name: served.post(HELLO, f"{CHAT}?vendor={name}", x_request_id="mine").headers for name in ("openai", "gemini")}
    assert set(told["openai"]) == set(told["gemini"])
    for name, headers in told.items():
        assert OURS.items() <= dict(headers).items()
        assert headers["x-vendor-source"] == name
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["cache-control"] == "no-cache, no-store, must-revalidate"
        assert headers["x-request-id"] == "mine"
        assert not {"x-ratelimit-limit", "cf-ray", "alt-svc", "x-goog-x", "x-upstream-request-id"} & set(headers)
    openai.streams(ROLE, STOP, DONE)
    streamed = served.post({**HELLO, "stream": True}, OPENAI).headers
    assert OURS.items() <= dict(streamed).items()
    assert (streamed["content-type"], streamed["cache-control"]) == ("text/event-stream; charset=utf-8", "no-cache")
    assert "content-length" not in streamed


@pytest.mark.parametrize(
    ("agent", "accepts", "zipped"),
    [
        ("Mozilla/5.0", "gzip, deflate", True),
        ("curl/8.5.0", "gzip", True),
        ("curl/7.88.1", "gzip", False),
        ("PostmanRuntime/7.3", "gzip", False),
        ("Insomnia/9", "gzip", False),
        ("Mozilla/5.0", "", False),
        ("Mozilla/5.0", "gzip;q=0", False),
    ],
)
def test_gzip(served: Deployed, openai: Vendor, agent: str, accepts: str, zipped: bool) -> None:
    """G31, A6.12."""
    told = served.post(HELLO, OPENAI, user_agent=agent, accept_encoding=accepts)
    assert told.json()["choices"]
    assert (told.headers.get("content-encoding") == "gzip") == zipped
    assert "Accept-Encoding" in told.headers["vary"]
    openai.streams(ROLE, STOP, DONE)
    assert "content-encoding" not in served.post({**HELLO, "stream": True}, OPENAI, accept_encoding="gzip").headers


def test_a_vendor_that_compresses_unasked(served: Deployed, openai: Vendor) -> None:
    """G31, A6.7: undone; what only claims to be compressed is an error."""
    fields = (JSON, b"content-encoding: gzip")
    openai.script = whole(gzip.compress(orjson.dumps(reply())), 200, *fields)
    assert served.post(HELLO, OPENAI).json()["choices"][0]["message"]["content"] == "hello"
    openai.script = whole(orjson.dumps(reply()), 200, *fields)
    assert served.post(HELLO, OPENAI).status_code == 502


def called(vendor: Vendor, served: Deployed, path: str, calls: list[Any]) -> list[Any]:
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    vendor.says(reply(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}]))
    told = served.post(HELLO, path).json()["choices"][0]["message"]["tool_calls"]
    assert isinstance(told, list)
    return told


def call(id: Any, arguments: str = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}, "x": 1}


def test_ids_of_tool_calls(served: Deployed, openai: Vendor, gemini: Vendor) -> None:
    """G32, A6.9."""
    told = called(openai, served, OPENAI, [call("kept"), call(""), "odd", call(None), {"type": "function"}])
    assert told[0] == call("kept")
    assert told[2] == "odd"
    fresh = [told[i]["id"] for i in (1, 3, 4)]
    assert all(re.fullmatch("call_[0-9a-f]{32}", one) for one in fresh)
    assert len(set(fresh)) == 3
    told = called(gemini, served, GEMINI, [call("theirs")])
    assert re.fullmatch("call_[0-9a-f]{32}", told[0]["id"])
    assert told[0]["x"] == 1


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ('{"a":1}{"b":2}', ['{"a":1}', '{"b":2}']),
        ("[1] [2]", ["[1]", "[2]"]),
        ('{"a":1}{"b":2}\n{"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']),
        ('{"a":{"x":1}}{"b":"}{"}', ['{"a":{"x":1}}', '{"b":"}{"}']),
        ('{"a":{"b":{}}}', ['{"a":{"b":{}}}']),
        ("", [""]),
        ("{invalid}{also}", ["{invalid}{also}"]),
        ('{"a":1}{bad}{"c":3}', ['{"a":1}{bad}{"c":3}']),
    ],
)
def test_arguments_of_several_calls_in_one(served: Deployed, openai: Vendor, arguments: str, parts: list[str]) -> None:
    """G33, W-G10, A6.10."""
    told = called(openai, served, OPENAI, [call("one", arguments)])
    assert [one["function"]["arguments"] for one in told] == parts
    assert {one["function"]["name"] for one in told} == {"f"}
    assert len({one["id"] for one in told}) == len(parts)


def test_a_stream_is_filled(served: Deployed, openai: Vendor) -> None:
    """G35 to G38, A6.8, W-G4: text that holds [DONE], a vendor that leaves out the space, comments."""
    text = delta({"index": 0, "delta": {"content": "say [DONE]"}})
    tight = b"data:" + HI[6:]
    last = b'data: {"id":"v1","model":"served","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n'
    openai.streams(ROLE, b": ping\n\n", text, tight, b"data: nonsense\n\n", STOP, last, DONE)
    body = served.post({**HELLO, "stream": True}, OPENAI).content
    assert body.count(DONE) == 1
    assert body.endswith(DONE)
    assert b": ping\n\n" in body
    assert b"data: nonsense\n\n" in body
    told = chunks(body)
    assert len(told) == 5
    for field, form in (("id", "chatcmpl-[0-9a-f]{20}"), ("system_fingerprint", "fp_[0-9a-f]{18}")):
        (value,) = {one[field] for one in told}
        assert re.fullmatch(form, value)
    assert len({one["created"] for one in told}) == 1
    assert told[0]["created"] > 1_700_000_000
    assert {one["service_tier"] for one in told} == {"default"}
    assert all(one["choices"][0]["logprobs"] is None for one in told[:4])
    assert all(one["choices"][0]["delta"]["annotations"] == [] for one in told[:4])
    assert told[0]["usage"]["total_tokens"] == 0
    assert all("usage" not in one for one in told[1:4])
    assert (told[4]["usage"], told[4]["choices"]) == ({"prompt_tokens": 3, "completion_tokens": 4}, [])
    assert "object" not in told[4]


def test_calls_in_a_stream_keep_one_id(served: Deployed, openai: Vendor, gemini: Vendor) -> None:
    """G32, G33, W-G6: by choice and index."""

    def piece(index: int, arguments: str, **more: Any) -> bytes:
        function = {"arguments": arguments, **({"name": "f"} if more else {})}
        return delta({"index": 0, "delta": {"tool_calls": [{"index": index, "function": function, **more}]}})

    pieces = (
        piece(0, "", id="theirs", type="function"),
        piece(0, '{"a":'),
        piece(0, '1}{"b"'),
        piece(0, ":2}"),
        piece(1, "{}", id="other", type="function"),
        delta({"index": 0, "delta": {}, "finish_reason": "tool_calls"}),
        DONE,
    )
    for vendor, path in ((openai, OPENAI), (gemini, GEMINI)):
        vendor.streams(*pieces)
        told = chunks(served.post({**HELLO, "stream": True}, path).content)
        entries = [entry for one in told for entry in one["choices"][0]["delta"].get("tool_calls", [])]
        texts: Counter[int] = Counter()
        joined = {index: "".join(e["function"]["arguments"] for e in entries if e["index"] == index) for index in range(3)}
        texts.update(entry["index"] for entry in entries if "id" in entry)
        assert joined == {0: '{"a":1}', 1: '{"b":2}', 2: "{}"}
        assert texts == {0: 1, 1: 1, 2: 1}
        ids = [entry["id"] for entry in entries if "id" in entry]
        assert len(set(ids)) == 3
        assert (ids[0] == "theirs") == (vendor is openai)


def test_streams_are_live(served: Deployed, openai: Vendor) -> None:
    """W-G3, W-G8: the first event is there while the vendor is still silent, and who leaves takes the vendor's call along."""
    left = openai.count("eof") + openai.count("rst")
    openai.script = [Send(CHUNKED_HEAD), Send(chunk(ROLE)), Stall()]
    with httpx.stream("POST", served.url + OPENAI, json={**HELLO, "stream": True}) as told:
        first = next(told.iter_raw())
    assert chunks(first)[0]["model"] == "any-model"
    until(lambda: openai.count("eof") + openai.count("rst") > left)


@pytest.mark.parametrize("stream", [[ROLE, HI], [ROLE, HI[:20]]])
def test_a_stream_that_is_cut_off_says_so(served: Deployed, openai: Vendor, stream: list[bytes]) -> None:
    """W-G4: no good end is made of it."""
    openai.streams(*stream)
    body = served.post({**HELLO, "stream": True}, OPENAI).content
    assert DONE not in body
    assert chunks(body)[-1]["error"]["code"] == "upstream_truncated"


def test_a_stream_without_its_last_line_break(served: Deployed, openai: Vendor) -> None:
    """W-G2."""
    openai.streams(ROLE, HI, STOP, DONE[:-2])
    body = served.post({**HELLO, "stream": True}, OPENAI).content
    assert body.endswith(DONE)
    assert body.count(DONE) == 1


def test_a_table_that_cannot_work_is_refused(tmp_path: Path) -> None:
    """G40: without a credential, and with a model that stands twice."""

    def checked(text: str, **env: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "routes.yaml"
        path.write_text(text)
        command = [sys.executable, "-m", "engine", "run", str(path)]
        return subprocess.run(command, env=environment(env), capture_output=True, text=True, timeout=60, check=False)

    text = EXAMPLE.read_text()
    lacking = checked(text, OPENAI_API_KEY=KEYS["OPENAI_API_KEY"])
    assert lacking.returncode == 1
    assert "GEMINI_API_KEY" in lacking.stderr
    twice = checked(text.replace("name: gpt-4o-mini,", "name: gpt-4o,"), **KEYS)
    assert twice.returncode == 1
    assert "gpt-4o` stands twice" in twice.stderr


def test_what_a_model_can_do(openai: Vendor) -> None:
    """GH2, GH3: both by options."""
    text = EXAMPLE.read_text()
    rows = "".join(f"  - {{name: {name}, provider: openai{can}}}\n" for name, can in (("blind", ", can: [tools]"),))
    start, end = text.index("  - {name: gpt-4o, "), text.index("\npipelines:")
    text = text[:start] + rows + text[end:]
    text = text.replace("    - select: {by: even, stateless: true} ", "    #").replace(
        "    - call:", "    - select: {by: even, able: true}\n    - call:"
    )
    text = text.replace("check: chat", "check: content")
    with deployed(text, HOST="127.0.0.1", PORT="0", **KEYS, OPENAI_BASE_URL=openai.base_url) as it:
        assert it.post({**HELLO, "tools": [TOOL]}).status_code == 200
        image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}
        for wish in ({"messages": [image]}, {**HELLO, "stream": True}):
            refused = it.post(wish)
            says = "no models available that support the required capabilities"
            assert (refused.status_code, refused.text) == (500, says)
        odd = it.post({"messages": [{"role": "user", "content": [{"type": "smell"}]}]})
        assert (odd.status_code, odd.text) == (400, "unknown content type 'smell' at index 0")


def test_a_vendor_that_takes_too_long(openai: Vendor) -> None:
    """G22, G23."""
    text = EXAMPLE.read_text().replace("timeout: 60s, first_byte: 60s", "timeout: 300ms, first_byte: 300ms")
    openai.script = [Stall()]
    with deployed(text, HOST="127.0.0.1", PORT="0", LOG_LEVEL="WARN", **KEYS, OPENAI_BASE_URL=openai.base_url) as it:
        late = it.post(HELLO, OPENAI)
        assert late.status_code == 502
        assert late.text.startswith("Failed to communicate with upstream service: ")


def test_no_key_is_ever_told(served: Deployed) -> None:
    """G45."""
    said = "\n".join(served.said) + "".join(map(str, served.rows.values()))
    assert not [key for key in KEYS.values() if key in said]
