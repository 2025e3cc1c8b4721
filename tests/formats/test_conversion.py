"""Every pair of formats: a tool loop there and back, whole and streamed.

One answer, as each provider writes it: thoughts that it sealed, a text, two calls of one tool. Each client gets it in its own
format, sends it back with the results as its SDK would, and the provider must find again what it said.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from engine.answer import Began, Closed, Counted, Ended, Failed, Grew, Opened
from engine.chat import Asked, Call, Refusal, Seal, Text, Thinking, Usage
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.losses import Losses
from engine.wire.sse import Event, EventReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import ChatRequest, Piece
    from engine.formats.format import StreamReader

CHAT, RESPONSES, MESSAGES, GEMINI = "openai_chat", "openai_responses", "anthropic_messages", "gemini_generate"
PAIRS = [(spoken, theirs) for spoken in FORMATS for theirs in FORMATS]
MODELS = {MESSAGES: "claude-sonnet-4-5", GEMINI: "gemini-2.5-pro"}
IMAGE = "aGk="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}

QUESTIONS: dict[str, dict[str, Any]] = {
    CHAT: {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "Where is it warmer?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}},
            ]},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "description": "Now.", "parameters": SCHEMA}}],
        "tool_choice": "required", "max_completion_tokens": 9000, "temperature": 0.5,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
    },
    RESPONSES: {
        "model": "m",
        "instructions": "Be brief.",
        "input": [{"role": "user", "content": [
            {"type": "input_text", "text": "Where is it warmer?"},
            {"type": "input_image", "image_url": f"data:image/png;base64,{IMAGE}"},
        ]}],
        "tools": [{"type": "function", "name": "weather", "description": "Now.", "parameters": SCHEMA}],
        "tool_choice": "required", "max_output_tokens": 9000, "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
    },
    MESSAGES: {
        "model": "m",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "Where is it warmer?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}},
        ]}],
        "tools": [{"name": "weather", "description": "Now.", "input_schema": SCHEMA}],
        "tool_choice": {"type": "any"}, "max_tokens": 9000, "temperature": 0.5,
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    },
    GEMINI: {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [
            {"text": "Where is it warmer?"}, {"inlineData": {"mimeType": "image/png", "data": IMAGE}},
        ]}],
        "tools": [{"functionDeclarations": [{"name": "weather", "description": "Now.", "parametersJsonSchema": SCHEMA}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {
            "maxOutputTokens": 9000, "temperature": 0.5, "responseMimeType": "application/json", "responseJsonSchema": SCHEMA,
        },
    },
}  # fmt: skip

OSLO, ROME = '{"city":"Oslo"}', '{"city":"Rome"}'
ANSWERS: dict[str, dict[str, Any]] = {
    CHAT: {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "theirs",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "Let me see – ☀.", "reasoning_content": "Two calls.",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": OSLO}},
                {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": ROME}},
            ]}}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50,
                  "prompt_tokens_details": {"cached_tokens": 10}, "completion_tokens_details": {"reasoning_tokens": 5}},
    },
    RESPONSES: {
        "id": "resp_1", "object": "response", "status": "completed", "model": "theirs",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Two calls."}],
             "encrypted_content": "SEAL"},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
             "content": [{"type": "output_text", "text": "Let me see – ☀.", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": OSLO},
            {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "weather", "arguments": ROME},
        ],
        "usage": {"input_tokens": 30, "output_tokens": 20, "total_tokens": 50,
                  "input_tokens_details": {"cached_tokens": 10}, "output_tokens_details": {"reasoning_tokens": 5}},
    },
    MESSAGES: {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "theirs", "stop_reason": "tool_use",
        "content": [
            {"type": "thinking", "thinking": "Two calls.", "signature": "SEAL"},
            {"type": "redacted_thinking", "data": "HIDDEN"},
            {"type": "text", "text": "Let me see – ☀."},
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Oslo"}},
            {"type": "tool_use", "id": "call_2", "name": "weather", "input": {"city": "Rome"}},
        ],
        "usage": {"input_tokens": 20, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 0, "output_tokens": 20},
    },
    GEMINI: {
        "responseId": "g1", "modelVersion": "theirs",
        "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
            {"text": "Two calls.", "thought": True},
            {"text": "Let me see – ☀."},
            {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "U0VBTA=="},
            {"functionCall": {"name": "weather", "args": {"city": "Rome"}}},
        ]}}],
        "usageMetadata": {"promptTokenCount": 30, "candidatesTokenCount": 15, "thoughtsTokenCount": 5,
                          "cachedContentTokenCount": 10, "totalTokenCount": 50},
    },
}  # fmt: skip


def conversion(spoken: str, theirs: str, document: dict[str, Any], on_loss: Any = "warn") -> Conversion:
    wire = FORMATS[spoken]
    asked = Asked("m", bool(document.get("stream")), orjson.dumps(document), document)
    before = copy.deepcopy(document)
    chat = read_chat(wire, asked)
    chat.stream_usage = True
    assert document == before
    return Conversion(wire, FORMATS[theirs], Telling(chat, "a" * 24, 1, "m", Losses(spoken)), on_loss)


def sent(spoken: str, theirs: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the provider gets."""
    made: dict[str, Any] = orjson.loads(conversion(spoken, theirs, document).request(MODELS.get(theirs, "gpt-5"), Habits()))
    return made


def understood(theirs: str, document: dict[str, Any]) -> ChatRequest:
    return FORMATS[theirs].read_request(document, Asked("m", False, b"", document))


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_a_question_means_the_same_in_every_format(spoken: str, theirs: str) -> None:
    chat = understood(theirs, sent(spoken, theirs, QUESTIONS[spoken]))
    assert [text.text for text in chat.system] == ["Be brief."]
    text, image = chat.messages[0].pieces
    assert isinstance(text, Text)
    assert text.text == "Where is it warmer?"
    assert (image.kind, image.mime, image.data) == ("image", "image/png", IMAGE)  # type: ignore[union-attr]
    assert [(tool.name, tool.description, tool.schema) for tool in chat.tools] == [("weather", "Now.", SCHEMA)]
    assert chat.choice is not None
    assert (chat.choice.mode, chat.max_tokens, chat.temperature) == ("required", 9000, 0.5)
    assert chat.output is not None
    assert chat.output.schema == SCHEMA


def told(pieces: list[Piece]) -> list[tuple[str, ...]]:
    """What a client sees: seals are another test's."""
    out: list[tuple[str, ...]] = []
    for piece in pieces:
        if isinstance(piece, Call):
            out.append(("call", piece.name, str(orjson.loads(piece.arguments))))
        elif isinstance(piece, (Text, Thinking)) and piece.text:
            out.append((type(piece).__name__, piece.text))
    return out


SAID = [
    ("Thinking", "Two calls."),
    ("Text", "Let me see – ☀."),
    ("call", "weather", "{'city': 'Oslo'}"),
    ("call", "weather", "{'city': 'Rome'}"),
]


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_an_answer_means_the_same_in_every_format(spoken: str, theirs: str) -> None:
    body, heard = conversion(spoken, theirs, QUESTIONS[spoken]).reply(orjson.dumps(ANSWERS[theirs]))
    assert heard.fault is None
    reply = FORMATS[spoken].read_answer(orjson.loads(body))
    assert told(reply.answers[0].pieces) == SAID
    assert reply.answers[0].finish == "calls"
    ids = [piece.id for piece in reply.answers[0].pieces if isinstance(piece, Call)]
    assert len({*ids, ""}) == 3
    assert reply.usage is not None
    assert (reply.usage.input, reply.usage.output, reply.usage.cached) == (30, 20, 10)


def returned(spoken: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The client's next request: the answer as it came, and the results of its calls."""
    document = copy.deepcopy(QUESTIONS[spoken])
    if spoken == CHAT:
        message = answer["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "warm"} for call in message["tool_calls"]]
        document["messages"] += [message, *results]
    elif spoken == RESPONSES:
        calls = [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]
        results = [{"type": "function_call_output", "call_id": known, "output": "warm"} for known in calls]
        document["input"] += [*answer["output"], *results]
    elif spoken == MESSAGES:
        calls = [block["id"] for block in answer["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": known, "content": "warm"} for known in calls]
        document["messages"] += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": results}]
    else:
        content = answer["candidates"][0]["content"]
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        given = [
            {"functionResponse": {"id": each.get("id"), "name": each["name"], "response": {"output": "warm"}}} for each in calls
        ]
        document["contents"] += [content, {"role": "user", "parts": given}]
    return document


def seals_of(chat: ChatRequest) -> list[tuple[str, Seal]]:
    """(what it is sealed to, the seal) of a turn, for pieces that have one."""
    pieces = (piece for message in chat.messages if message.role == "assistant" for piece in message.pieces)
    return [
        (("redacted" if getattr(piece, "redacted", False) else type(piece).__name__), piece.seal)
        for piece in pieces
        if isinstance(piece, (Text, Thinking, Call)) and piece.seal is not None
    ]


SEALS = {
    CHAT: [],
    RESPONSES: [("Thinking", Seal(RESPONSES, "SEAL"))],
    MESSAGES: [("Thinking", Seal(MESSAGES, "SEAL")), ("redacted", Seal(MESSAGES, "HIDDEN"))],
    GEMINI: [("Call", Seal(GEMINI, "U0VBTA=="))],
}


def check_loop(spoken: str, theirs: str, answer: dict[str, Any]) -> None:
    chat = understood(theirs, sent(spoken, theirs, returned(spoken, answer)))
    assert [message.role for message in chat.messages] == ["user", "assistant", "user"]
    calls = [piece for piece in chat.messages[1].pieces if isinstance(piece, Call)]
    assert [call.name for call in calls] == ["weather", "weather"]
    assert [result.id for result in chat.messages[2].pieces] == [call.id for call in calls]  # type: ignore[union-attr]
    assert [piece.text for piece in chat.messages[1].pieces if isinstance(piece, Text)] == ["Let me see – ☀."]
    assert seals_of(chat) == SEALS[theirs]


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_a_provider_finds_its_own_turn_again_behind_the_results(spoken: str, theirs: str) -> None:
    body, _ = conversion(spoken, theirs, QUESTIONS[spoken]).reply(orjson.dumps(ANSWERS[theirs]))
    check_loop(spoken, theirs, orjson.loads(body))


@pytest.mark.parametrize(
    ("spoken", "first", "second"), [(s, a, b) for s in FORMATS for a in FORMATS for b in FORMATS if a != b]
)
def test_no_provider_gets_a_foreign_seal(spoken: str, first: str, second: str) -> None:
    body, _ = conversion(spoken, first, QUESTIONS[spoken]).reply(orjson.dumps(ANSWERS[first]))
    made = sent(spoken, second, returned(spoken, orjson.loads(body)))
    text = orjson.dumps(made)
    assert b"SEAL" not in text
    assert b"gw1." not in text.replace(b"call_", b"")
    assert len([piece for piece in understood(second, made).messages[1].pieces if isinstance(piece, Call)]) == 2


# Streams


def sse(events: list[dict[str, Any]], *, named: bool = False) -> bytes:
    return b"".join(
        (b"event: %b\n" % event["type"].encode() if named else b"") + b"data: %b\n\n" % orjson.dumps(event) for event in events
    )


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "model": "theirs", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def piece_of_call(index: int, more: str, known: str = "") -> dict[str, Any]:
    named = {"id": known, "type": "function"} if known else {}
    return {"index": index, **named, "function": {"arguments": more, **({"name": "weather"} if known else {})}}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    begun = {"type": "content_block_start", "index": index, "content_block": start}
    return [begun, *grown, {"type": "content_block_stop", "index": index}]


def parts(*parts: dict[str, Any], finish: str = "") -> dict[str, Any]:
    candidate = {"index": 0, "content": {"role": "model", "parts": list(parts)}, **({"finishReason": finish} if finish else {})}
    return {"responseId": "g1", "modelVersion": "theirs", "candidates": [candidate], "usageMetadata": USAGE}


USAGE = ANSWERS[GEMINI]["usageMetadata"]
ITEMS = ANSWERS[RESPONSES]["output"]
G_PARTS = ANSWERS[GEMINI]["candidates"][0]["content"]["parts"]
STREAMS: dict[str, bytes] = {
    CHAT: sse([
        chunk({"role": "assistant", "reasoning_content": "Two "}), chunk({"reasoning_content": "calls."}),
        chunk({"content": "Let me "}), chunk({"content": "see – ☀."}),
        # Two calls that grow in turns.
        chunk({"tool_calls": [piece_of_call(0, '{"city":', "call_1")]}),
        chunk({"tool_calls": [piece_of_call(1, "", "call_2")]}),
        chunk({"tool_calls": [piece_of_call(1, '{"city":'), piece_of_call(0, '"Oslo"}')]}),
        chunk({"tool_calls": [piece_of_call(1, '"Rome"}')]}),
        chunk({}, "tool_calls"),
        {"id": "chatcmpl-1", "model": "theirs", "choices": [], "usage": ANSWERS[CHAT]["usage"]},
    ]) + b"data: [DONE]\n\n",
    RESPONSES: sse([
        {"type": "response.created", "response": {"id": "resp_1", "model": "theirs", "output": []}},
        {"type": "response.in_progress", "response": {"id": "resp_1", "model": "theirs", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "rs_0", "summary": []}},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Two "},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "calls."},
        {"type": "response.output_item.done", "output_index": 0, "item": ITEMS[0]},
        {"type": "response.output_item.added", "output_index": 1, "item": {"type": "message", "id": "a", "content": []}},
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "item_id": "b", "delta": "Let me "},
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "item_id": "c", "delta": "see – ☀."},
        {"type": "response.output_item.done", "output_index": 1, "item": ITEMS[1]},
        {"type": "response.output_item.added", "output_index": 2, "item": {**ITEMS[2], "arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"city":'},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '"Oslo"}'},
        {"type": "response.output_item.done", "output_index": 2, "item": ITEMS[2]},
        {"type": "response.output_item.added", "output_index": 3, "item": {**ITEMS[3], "arguments": ""}},
        {"type": "response.output_item.done", "output_index": 3, "item": ITEMS[3]},
        {"type": "response.completed", "response": {**ANSWERS[RESPONSES], "output": []}},
    ], named=True),
    MESSAGES: sse([
        {"type": "message_start", "message": {"id": "msg_1", "model": "theirs", "usage": ANSWERS[MESSAGES]["usage"]}},
        *block(0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Two calls."},
               {"type": "signature_delta", "signature": "SEAL"}),
        *block(1, {"type": "redacted_thinking", "data": "HIDDEN"}),
        {"type": "ping"},
        *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Let me "},
               {"type": "text_delta", "text": "see – ☀."}),
        *block(3, {"type": "tool_use", "id": "call_1", "name": "weather", "input": {}},
               {"type": "input_json_delta", "partial_json": '{"city":'},
               {"type": "input_json_delta", "partial_json": '"Oslo"}'}),
        *block(4, {"type": "tool_use", "id": "call_2", "name": "weather", "input": {"city": "Rome"}}),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ], named=True),
    GEMINI: sse([
        parts({"text": "Two ", "thought": True}), parts({"text": "calls.", "thought": True}),
        parts({"text": "Let me "}), parts({"text": "see – ☀."}), parts(G_PARTS[2]), parts(G_PARTS[3], finish="STOP"),
    ]).replace(b"\n", b"\r\n"),
}  # fmt: skip


class Gathered:
    """What a stream of deltas comes to, by the grammar of answer.Delta."""

    def __init__(self) -> None:
        self.began = 0
        self.pieces: dict[int, Any] = {}
        self.closed: set[int] = set()
        self.usage: Usage | None = None
        self.ended: Ended | None = None
        self.fault: Fault | None = None

    def take(self, delta: Any) -> None:
        assert self.ended is None or isinstance(delta, Ended)
        match delta:
            case Began():
                self.began += 1
                self.usage = delta.usage
            case Opened():
                assert delta.block == len(self.pieces)
                self.pieces[delta.block] = copy.copy(delta.piece)
            case Grew():
                assert delta.block not in self.closed
                piece = self.pieces[delta.block]
                if isinstance(piece, Call):
                    piece.arguments += delta.text
                elif isinstance(piece, (Text, Thinking, Refusal)):
                    piece.text += delta.text
                    if delta.seal is not None and not isinstance(piece, Refusal):
                        piece.seal = delta.seal
            case Closed():
                assert delta.block not in self.closed
                self.closed.add(delta.block)
            case Counted():
                self.usage = delta.usage
            case Ended():
                assert self.closed == set(self.pieces)
                self.ended = delta
            case Failed():
                self.fault = delta.fault


def gathered(reader: StreamReader, body: bytes) -> Gathered:
    out = Gathered()
    for event in EventReader().feed(body):
        for delta in reader.feed(event):
            out.take(delta)
    if out.fault is None:
        for delta in reader.end():
            out.take(delta)
    return out


def streamed(spoken: str, theirs: str, size: int) -> bytes:
    pipe = conversion(spoken, theirs, QUESTIONS[spoken] | {"stream": True}).stream("req-1")
    body = STREAMS[theirs]
    out = [pipe.feed(body[at : at + size]) for at in range(0, len(body), size)]
    assert pipe.usage is not None or theirs == CHAT
    return b"".join([*out, pipe.finish()])


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_a_stream_means_the_same_in_every_format(spoken: str, theirs: str) -> None:
    body = streamed(spoken, theirs, len(STREAMS[theirs]))
    found = gathered(FORMATS[spoken].stream_reader(), body)
    assert found.began == 1
    assert told(list(found.pieces.values())) == SAID
    assert found.ended is not None
    assert found.ended.finish == "calls"
    assert found.usage is not None
    assert (found.usage.input, found.usage.output, found.usage.cached) == (30, 20, 10)


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_where_a_stream_is_cut_changes_nothing(spoken: str, theirs: str, size: int) -> None:
    assert streamed(spoken, theirs, size) == streamed(spoken, theirs, len(STREAMS[theirs]))


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_a_provider_finds_its_own_turn_again_behind_a_stream(spoken: str, theirs: str) -> None:
    """As an SDK gathers the stream into a message, so here by the format's own reader and writer."""
    check_loop(spoken, theirs, assembled(spoken, streamed(spoken, theirs, 4096)))


def assembled(spoken: str, body: bytes) -> dict[str, Any]:
    events = [orjson.loads(event.data) for event in EventReader().feed(body) if event.data != "[DONE]"]
    if spoken == RESPONSES:
        response: dict[str, Any] = events[-1]["response"]
        return response
    if spoken == GEMINI:
        told = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
        return {"candidates": [{"content": {"role": "model", "parts": told}}]}
    if spoken == MESSAGES:
        return {"content": _blocks(events)}
    return {"choices": [{"message": _message(events)}]}


def _blocks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(event["content_block"])
        elif event["type"] == "content_block_delta":
            assert event["index"] == len(blocks) - 1
            (_, kind), (field, more) = event["delta"].items()
            field = "input" if kind == "input_json_delta" else field
            blocks[-1][field] = (blocks[-1][field] or "") + more
    for each in blocks:
        if each["type"] == "tool_use":
            each["input"] = orjson.loads(each["input"] or "{}")
    return blocks


def _message(events: list[dict[str, Any]]) -> dict[str, Any]:
    """By the rule of OpenAI's SDK: strings are joined, lists are gathered by `index`."""
    message: dict[str, Any] = {}
    for event in events:
        for choice in event["choices"]:
            _join(message, choice["delta"])
    return message


def _join(whole: dict[str, Any], delta: dict[str, Any]) -> None:
    for key, value in delta.items():
        if isinstance(value, list):
            listed = whole.setdefault(key, [])
            for each in value:
                known = next((entry for entry in listed if entry["index"] == each["index"]), None)
                if known is None:
                    listed.append(copy.deepcopy(each))
                else:
                    _join(known, {name: told for name, told in each.items() if name not in ("index", "type")})
        elif isinstance(value, dict):
            _join(whole.setdefault(key, {}), value)
        elif isinstance(value, str) and isinstance(whole.get(key), str) and key not in ("role", "id", "type", "format"):
            whole[key] += value
        elif value is not None or key not in whole:
            whole[key] = value


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_a_stream_that_breaks_off_is_no_answer(spoken: str, theirs: str) -> None:
    """F-11: what came is passed on, then the format's own error, and no good end."""
    body = STREAMS[theirs]
    body = body[: body.rindex(b"STOP") - 40] if theirs == GEMINI else body[: body.index(b"Rome")]
    body = body[: body.rindex(b"data:")]
    pipe = conversion(spoken, theirs, QUESTIONS[spoken] | {"stream": True}).stream("req-1")
    out = pipe.feed(body)
    with pytest.raises(Fault) as caught:
        pipe.finish()
    assert caught.value.code == "upstream_truncated"
    reader = FORMATS[spoken].stream_reader()
    deltas = [delta for event in EventReader().feed(out + pipe.fail(caught.value)) for delta in reader.feed(event)]
    assert any(isinstance(delta, Failed) for delta in deltas)
    assert not any(isinstance(delta, Ended) for delta in deltas)


# Odd JSON: every value of what is known, replaced by what nobody expects.

ODD: tuple[Any, ...] = (None, True, -1.5, "", "x", [], [1], {}, {"a": 1}, [[]], [{}])


def bent(document: Any) -> Iterator[Any]:
    """`document` itself, and as often as it has values and ODD has members."""
    yield from ODD
    pairs = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in pairs:
        for each in bent(value):
            copied = copy.copy(document)
            copied[key] = each
            yield copied


@pytest.mark.parametrize("name", FORMATS)
def test_odd_requests_are_read_or_refused(name: str) -> None:
    body, _ = conversion(name, name, QUESTIONS[name]).reply(orjson.dumps(ANSWERS[name]))
    whole = returned(name, orjson.loads(body))
    for document in bent(whole):
        if isinstance(document, dict):
            try:
                read = FORMATS[name].read_request(document, Asked("m", False, b"", document))
            except Fault as fault:
                assert (fault.code, bool(fault.param)) == ("invalid_body", True)  # noqa: PT017
            else:
                assert read.model == "m"


@pytest.mark.parametrize("name", FORMATS)
def test_odd_answers_never_raise(name: str) -> None:
    for document in bent(ANSWERS[name]):
        if isinstance(document, dict):
            reply = FORMATS[name].read_answer(document)
            assert reply.fault is not None or reply.answers is not None


@pytest.mark.parametrize("name", FORMATS)
def test_odd_events_never_raise_and_keep_the_grammar(name: str) -> None:
    events = [event for event in EventReader().feed(STREAMS[name]) if event.data != "[DONE]"]
    for at, event in enumerate(events):
        for odd in bent(orjson.loads(event.data)):
            reader, found = FORMATS[name].stream_reader(), Gathered()
            bad = Event(event.event, orjson.dumps(odd).decode())
            for each in [*events[:at], bad, *events[at + 1 :]]:
                for delta in reader.feed(each):
                    found.take(delta)
            assert found.began <= 1


@pytest.mark.parametrize(("spoken", "theirs"), PAIRS)
def test_odd_answers_are_written_or_refused(spoken: str, theirs: str) -> None:
    pipe = conversion(spoken, theirs, QUESTIONS[spoken])
    for number, document in enumerate(bent(ANSWERS[theirs])):
        if number % 5 == 0:
            body, heard = pipe.reply(orjson.dumps(document))
            assert bool(body) != bool(heard.fault)
