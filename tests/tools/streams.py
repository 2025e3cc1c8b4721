"""A whole answer as its provider would stream it, and a stream as its client's SDK gathers it.

Both by the formats' own rules, without the engine's readers and writers.
"""

from __future__ import annotations

import copy
from typing import Any

import orjson

from engine.wire.sse import EventReader
from tests.tools.wired import chunks

Document = dict[str, Any]


def streamed_by(letter: str, answer: Document) -> bytes:
    return {"C": _chat, "R": _responses, "A": _messages, "G": _gemini}[letter](answer)


def gathered_by(letter: str, body: bytes) -> Document:
    events = [orjson.loads(event.data) for event in EventReader().feed(body) if event.data != "[DONE]"]
    return {"C": _message, "R": _response, "A": _blocks, "G": _candidate}[letter](events)


def halves(text: str) -> list[str]:
    """In two, where the second would begin, however short."""
    middle = (len(text) + 1) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


_SEAL = {"thoughtSignature"}

# Streams made


def _chat(answer: Document) -> bytes:
    head = {"id": answer["id"], "object": "chat.completion.chunk", "created": 1, "model": answer["model"]}
    (choice,) = answer["choices"]
    message = choice["message"]
    deltas: list[Document] = [{"role": "assistant", "content": ""}]
    deltas += ({"reasoning_content": piece} for piece in halves(message.get("reasoning_content") or ""))
    said = [{"content": piece} for piece in halves(message.get("content") or "")]
    said += [{"annotations": message["annotations"]}] if message.get("annotations") else []
    deltas += said
    deltas += ({"refusal": piece} for piece in halves(message.get("refusal") or ""))
    for index, call in enumerate(message.get("tool_calls", [])):
        deltas.append({"tool_calls": [{**call, "index": index, "function": {**call["function"], "arguments": ""}}]})
        deltas += (
            {"tool_calls": [{"index": index, "function": {"arguments": more}}]}
            for more in halves(call["function"]["arguments"])
        )
    events = [_chunk(head, delta) for delta in deltas]
    if choice.get("logprobs"):
        events[1]["choices"][0]["logprobs"] = choice["logprobs"]
    events.append(_chunk(head, {}, choice["finish_reason"]))
    return chunks(*events, {**head, "choices": [], "usage": answer["usage"]}, end=b"data: [DONE]\n\n")


def _chunk(head: Document, delta: Document, finish: str | None = None) -> Document:
    return {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], "usage": None}


def _responses(answer: Document) -> bytes:
    begun = {**answer, "status": "in_progress", "output": [], "usage": None}
    events: list[Document] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(answer["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        empty = {"message": {"content": []}, "reasoning": {"summary": []}, "function_call": {"arguments": ""}}[item["type"]]
        events.append({"type": "response.output_item.added", "output_index": index, "item": {**item, **empty}})
        if item["type"] == "function_call":
            events += _deltas("function_call_arguments", item["arguments"], "arguments", place)
        for number, part in enumerate(item.get("content", [])):
            events += _part(part, {**place, "content_index": number})
        for number, part in enumerate(item.get("summary", [])):
            events += _deltas("reasoning_summary_text", part["text"], "text", {**place, "summary_index": number})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{answer['status']}", "response": answer})
    return chunks(*({**event, "sequence_number": number} for number, event in enumerate(events)))


def _part(part: Document, place: Document) -> list[Document]:
    field = "refusal" if part["type"] == "refusal" else "text"
    told = _deltas(part["type"], part[field], field, place)
    if part.get("logprobs"):
        told[0]["logprobs"] = part["logprobs"]
    cited = [
        {"type": "response.output_text.annotation.added", **place, "annotation_index": at, "annotation": annotation}
        for at, annotation in enumerate(part.get("annotations", []))
    ]
    added = {"type": "response.content_part.added", **place, "part": {**part, field: ""}}
    return [added, *told[:-1], *cited, told[-1], {"type": "response.content_part.done", **place, "part": part}]


def _deltas(kind: str, said: str, field: str, place: Document) -> list[Document]:
    deltas = [{"type": f"response.{kind}.delta", **place, "delta": piece} for piece in halves(said)]
    return [*deltas, {"type": f"response.{kind}.done", **place, field: said}]


def _messages(answer: Document) -> bytes:
    usage = {**answer["usage"], "output_tokens": 1}
    begun = {**answer, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    events: list[Document] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(answer["content"]):
        start, deltas = _block(block)
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": answer["stop_reason"], "stop_sequence": answer["stop_sequence"]}
    counted = {"output_tokens": answer["usage"]["output_tokens"]}
    return chunks(*events, {"type": "message_delta", "delta": delta, "usage": counted}, {"type": "message_stop"})


def _block(block: Document) -> tuple[Document, list[Document]]:
    if block["type"] == "text":
        deltas = [{"type": "text_delta", "text": piece} for piece in halves(block["text"])]
        deltas += [{"type": "citations_delta", "citation": each} for each in block.get("citations", [])]
        return {"type": "text", "text": ""}, deltas
    if block["type"] == "tool_use":
        told = halves(orjson.dumps(block["input"]).decode())
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *told]]
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    return block, []


def _gemini(answer: Document) -> bytes:
    head = {"modelVersion": "served", "responseId": "g1"}
    if "candidates" not in answer:
        return chunks(answer).replace(b"\n", b"\r\n")
    (candidate,) = answer["candidates"]
    parts: list[Document] = []
    for part in candidate["content"]["parts"]:
        parts += _text_parts(part) if "text" in part else [part]
    events = [{"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], **head} for part in parts]
    last = {**candidate, "content": {"role": "model", "parts": [{"text": ""}]}}
    events.append({"candidates": [last], **head, "usageMetadata": answer["usageMetadata"]})
    return chunks(*events).replace(b"\n", b"\r\n")


def _text_parts(part: Document) -> list[Document]:
    """The signature is at the end of the text."""
    *before, last = halves(part["text"]) or [""]
    unsigned = {key: value for key, value in part.items() if key not in _SEAL}
    return [*({**unsigned, "text": piece} for piece in before), {**part, "text": last}]


# Streams gathered


def _message(events: list[Document]) -> Document:
    """As OpenAI's SDK does: strings are joined, lists are gathered by `index`."""
    message: Document = {}
    last: Document = {}
    tokens: list[Any] = []
    for event in events:
        for choice in event["choices"]:
            _join(message, choice["delta"])
            tokens += (choice.get("logprobs") or {}).get("content") or []
            last = choice
    for call in [*message.get("tool_calls", []), *message.get("annotations", [])]:
        del call["index"]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": {"content": tokens} if tokens else None,
        "finish_reason": last["finish_reason"],
    }
    return {"choices": [choice], "usage": events[-1].get("usage")}


def _join(whole: Document, delta: Document) -> None:
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
        elif isinstance(value, str) and isinstance(whole.get(key), str):
            whole[key] += value
        elif value is not None or key not in whole:
            whole[key] = value


def _response(events: list[Document]) -> Document:
    response: Document = events[-1]["response"]
    return response


def _blocks(events: list[Document]) -> Document:
    """As Anthropic's SDK does."""
    message: Document = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = event["message"]
            case "content_block_start":
                message["content"].append(event["content_block"])
            case "content_block_delta":
                _grow(message["content"][event["index"]], event["delta"])
            case "message_delta":
                message |= event["delta"]
                message["usage"] |= event["usage"]
    for block in message["content"]:
        if block["type"] == "tool_use":
            block["input"] = orjson.loads(block["input"] or "{}")
    return message


def _grow(block: Document, delta: Document) -> None:
    if delta["type"] == "citations_delta":
        block.setdefault("citations", []).append(delta["citation"])
        return
    _, (field, more) = delta.items()
    field = "input" if delta["type"] == "input_json_delta" else field
    block[field] = (block[field] or "") + more


def _candidate(events: list[Document]) -> Document:
    parts: list[Document] = []
    for event in events:
        for part in event["candidates"][0]["content"]["parts"]:
            if parts and {*part} - _SEAL == {*parts[-1]} and "text" in part:
                parts[-1] |= {**part, "text": parts[-1]["text"] + part["text"]}
            elif part.get("text") != "" or "thoughtSignature" in part:
                parts.append(part)
    last = events[-1]
    content = {"role": "model", "parts": parts}
    return {"candidates": [{**last["candidates"][0], "content": content}], "usageMetadata": last.get("usageMetadata")}
