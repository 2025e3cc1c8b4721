"""The three providers of examples/ai-gateway.yaml, played by one fake upstream, and their clients' side.

Which provider is meant shows in a request's path. A model plays its own script; a model without one answers well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.tools.fake_upstream import CHUNKED_HEAD, FakeUpstream, Script, Send, chunk, whole

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "examples/ai-gateway.yaml").read_text()
# Names of the tests' own, by the first letter of their provider; the rest is the example's.
MINE = """models:
  - {name: "o-*", provider: openai}
  - {name: "a-*", provider: anthropic}
  - {name: "g-*", provider: gemini}
"""
TESTED = TABLE.replace("models:\n", MINE, 1)
PROVIDERS = ("openai", "anthropic", "gemini")
KEYS = {name: f"{name}-canary-three-0123456789" for name in PROVIDERS}
JSON = b"content-type: application/json"
USED = {"city": "Paris"}

Document = dict[str, Any]


def dumped(document: Any) -> bytes:
    return orjson.dumps(document)


def answers(provider: str, *, tool: bool = False) -> Document:
    """`Hello world`, or a call of `weather`; 10 tokens in and 8 out."""
    if provider == "openai":
        call = {"id": "call_123", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]} if tool else {
            "role": "assistant", "content": "Hello world"
        }  # fmt: skip
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tool else "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 8, "total_tokens": 18}
        return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    if provider == "anthropic":
        block = {"type": "tool_use", "id": "toolu_123", "name": "weather", "input": USED} if tool else {
            "type": "text", "text": "Hello world"
        }  # fmt: skip
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [block]}
        reason = "tool_use" if tool else "end_turn"
        return {**head, "stop_reason": reason, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 8}}
    part = {"functionCall": {"name": "weather", "args": USED}} if tool else {"text": "Hello world"}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 8, "totalTokenCount": 18}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r1"}


def events(provider: str, *, tool: bool = False) -> list[bytes]:
    """The same as a stream, event by event."""
    if provider == "openai":
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

        def piece(delta: Document, finish: str | None = None) -> bytes:
            return b"data: %b\n\n" % dumped({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

        call = {"index": 0, "id": "call_123", "type": "function", "function": {"name": "weather", "arguments": ""}}
        more = [{"index": 0, "function": {"arguments": text}} for text in ('{"city":', '"Paris"}')]
        said = [{"tool_calls": [one]} for one in (call, *more)] if tool else [{"content": "Hello"}, {"content": " world"}]
        last = piece({}, "tool_calls" if tool else "stop")
        usage = {**head, "choices": [], "usage": answers(provider)["usage"]}
        first = piece({"role": "assistant", "content": None if tool else ""})
        return [first, *map(piece, said), last, b"data: %b\n\n" % dumped(usage), b"data: [DONE]\n\n"]
    if provider == "anthropic":
        whole_reply = answers(provider, tool=tool)
        start = {**whole_reply, "content": [], "stop_reason": None, "usage": {"input_tokens": 10, "output_tokens": 0}}
        block = {**whole_reply["content"][0], **({"input": {}} if tool else {"text": ""})}
        if tool:
            deltas = [{"type": "input_json_delta", "partial_json": text} for text in ('{"city":', '"Paris"}')]
        else:
            deltas = [{"type": "text_delta", "text": text} for text in ("Hello", " world")]
        told = [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": block},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": whole_reply["stop_reason"], "stop_sequence": None},
                "usage": {"output_tokens": 8},
            },
            {"type": "message_stop"},
        ]
        return [b"event: %b\ndata: %b\n\n" % (str(one["type"]).encode(), dumped(one)) for one in told]
    last = answers(provider, tool=tool)
    if tool:
        return [b"data: %b\n\n" % dumped(last)]
    pieces = [{"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "Hello"}]}}], "responseId": "r1"}]
    last["candidates"][0]["content"]["parts"] = [{"text": " world"}]
    return [b"data: %b\n\n" % dumped(one) for one in (*pieces, last)]


def reply(document: Document | bytes, status: int = 200, *fields: bytes) -> Script:
    return whole(document if isinstance(document, bytes) else dumped(document), status, JSON, *fields)


def streamed(told: list[bytes], *, end: bool = True) -> Script:
    return [Send(CHUNKED_HEAD), *(Send(chunk(event)) for event in told), *([Send(b"0\r\n\r\n")] if end else [])]


@dataclass
class Sent:
    """One request as a provider got it."""

    path: str
    headers: dict[str, str]
    body: Document


class Three(FakeUpstream):
    def __init__(self) -> None:
        super().__init__(choose=self._script_of)
        self._plays: dict[str, list[Script]] = {}

    @property
    def env(self) -> dict[str, str]:
        """Base URLs with a path of their own, and keys."""
        urls = {f"{name.upper()}_BASE_URL": f"http://127.0.0.1:{self.port}/{name}/pre" for name in PROVIDERS}
        return {**urls, **{f"{name.upper()}_API_KEY": key for name, key in KEYS.items()}}

    def play(self, model: str, *scripts: Script) -> str:
        """Returns the model's name. The last script serves for all requests that follow."""
        self._plays[model] = list(scripts)
        return model

    def forget(self, model: str) -> None:
        """It answers well again."""
        del self._plays[model]

    def sent(self, model: str) -> list[Sent]:
        return [sent for sent in map(_read, self.requests) if _model_of(sent) == model]

    def moments(self, model: str) -> list[float]:
        """When it was asked, in monotonic seconds."""
        asked = [entry for entry in self.journal if entry.what == "request"]
        return [entry.at for entry in asked if _model_of(_read(entry.data)) == model]

    def _script_of(self, request: bytes) -> Script:
        sent = _read(request)
        scripts = self._plays.get(_model_of(sent))
        if scripts is None:
            tool = "tools" in sent.body
            provider = provider_of(sent)
            streams = sent.body.get("stream") or "streamGenerateContent" in sent.path
            return streamed(events(provider, tool=tool)) if streams else reply(answers(provider, tool=tool))
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]


def provider_of(sent: Sent) -> str:
    return sent.path.split("/")[1]


def _read(request: bytes) -> Sent:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return Sent(line.split(" ")[1], headers, orjson.loads(body))


def _model_of(sent: Sent) -> str:
    named = re.search(r"/models/([^:]+):", sent.path)
    return named[1] if named else str(sent.body["model"])


# The clients.


def path_of(client: str, model: str, *, action: str = "generateContent") -> str:
    return {
        "openai": "/openai/v1/chat/completions",
        "anthropic": "/anthropic/v1/messages",
        "gemini": f"/gemini/v1beta/models/{model}:{action}",
    }[client]


def ask(client: str, model: str, says: str = "hello", *, stream: bool = False, **more: Any) -> Document:
    """A request with one message of the user's. `stream` is asked for in the body, in every format."""
    streams = {"stream": True} if stream else {}
    if client == "openai":
        return {"model": model, "messages": [{"role": "user", "content": says}], **streams, **more}
    if client == "anthropic":
        return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": says}], **streams, **more}
    return {"contents": [{"role": "user", "parts": [{"text": says}]}], **streams, **more}


@dataclass
class Read:
    """What a client makes of an answer: calls are (name, arguments)."""

    text: str = ""
    calls: list[tuple[str, Any]] | None = None
    finish: str = ""


FINISH = {
    "openai": {"stop": "stop", "calls": "tool_calls", "length": "length"},
    "anthropic": {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens"},
    "gemini": {"stop": "STOP", "calls": "STOP", "length": "MAX_TOKENS"},
}


def read(client: str, document: Document) -> Read:
    if client == "openai":
        (choice,) = document["choices"]
        calls = [call["function"] for call in choice["message"].get("tool_calls") or []]
        told = [(call["name"], orjson.loads(call["arguments"])) for call in calls]
        return Read(choice["message"]["content"] or "", told, choice["finish_reason"])
    if client == "anthropic":
        blocks = document["content"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        told = [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
        return Read(text, told, document["stop_reason"])
    return read_candidates([document])


def read_candidates(documents: list[Document]) -> Read:
    out = Read(calls=[])
    assert out.calls is not None
    for document in documents:
        (candidate,) = document["candidates"]
        for part in candidate.get("content", {}).get("parts") or []:
            out.text += part.get("text", "")
            if "functionCall" in part:
                out.calls.append((part["functionCall"]["name"], part["functionCall"]["args"]))
        out.finish = candidate.get("finishReason") or out.finish
    return out


def data_of(stream: bytes) -> list[Any]:
    """The JSON of every event; `[DONE]` as text."""
    lines = [line[6:] for line in stream.split(b"\n") if line.startswith(b"data: ")]
    return ["[DONE]" if line == b"[DONE]" else orjson.loads(line) for line in lines]


def read_stream(client: str, stream: bytes) -> Read:
    data = data_of(stream)
    if client == "gemini":
        return read_candidates(data)
    out = Read(calls=[])
    assert out.calls is not None
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    if client == "openai":
        assert data.pop() == "[DONE]"
        for choice in (document["choices"][0] for document in data if document["choices"]):
            out.text += choice["delta"].get("content") or ""
            out.finish = choice["finish_reason"] or out.finish
            for call in choice["delta"].get("tool_calls") or []:
                names.setdefault(call["index"], call["function"].get("name", ""))
                arguments[call["index"]] = arguments.get(call["index"], "") + call["function"].get("arguments", "")
    else:
        for event in data:
            if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
                names[event["index"]] = event["content_block"]["name"]
            elif event["type"] == "content_block_delta":
                out.text += event["delta"].get("text", "")
                arguments[event["index"]] = arguments.get(event["index"], "") + event["delta"].get("partial_json", "")
            elif event["type"] == "message_delta":
                out.finish = event["delta"]["stop_reason"]
    out.calls += [(name, orjson.loads(arguments[index])) for index, name in names.items()]
    return out
