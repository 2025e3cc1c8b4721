"""One conversation, told in the four formats: what each client says and what each provider gets, what each provider answers and
what each client reads.

A pair is named by two letters, `"C>A"`: a client of OpenAI Chat, a provider of Anthropic Messages. `">A"` is every other client
to that provider. Where a pair has no entry of its own, the provider gets what its own client would have said, and the client
reads what its own provider would have answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.formats.losses import CHAT, GEMINI, MESSAGES, RESPONSES

Document = dict[str, Any]

LETTERS = {"C": CHAT, "R": RESPONSES, "A": MESSAGES, "G": GEMINI}
MODELS = {"C": "gpt-5.2", "R": "gpt-5.2", "A": "claude-sonnet-4-5", "G": "gemini-2.5-pro"}


@dataclass(frozen=True)
class Conversation:
    """`loses` is what the warning header says of a pair's request, `misses` of its answer; `refuses` names what the request is
    refused for."""

    name: str
    says: dict[str, Document]
    answers: dict[str, Document] = field(default_factory=dict)
    gets: dict[str, Document] = field(default_factory=dict)
    loses: dict[str, str] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    reads: dict[str, Document] = field(default_factory=dict)
    misses: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    def pairs(self) -> list[tuple[str, str]]:
        return [(client, provider) for client in self.says for provider in "CRAG"]

    def got(self, client: str, provider: str) -> Document:
        return _of(self.gets, client, provider, lambda: self.says[provider])

    def read(self, client: str, provider: str) -> Document:
        return _of(self.reads, provider, client, lambda: self.answers[client])

    def model(self, provider: str) -> str:
        return self.models.get(provider, MODELS[provider])


def of_pair(entries: dict[str, str], of: str, to: str) -> str:
    return str(_of(entries, of, to, lambda: ""))


def _of(entries: dict[str, Any], of: str, to: str, usual: Any) -> Any:
    if of == to:
        return usual()
    for key in (f"{of}>{to}", f">{to}"):
        if key in entries:
            return entries[key]
    return usual()


def asked(
    c: Document | None = None, r: Document | None = None, a: Document | None = None, g: Document | None = None
) -> dict[str, Document]:
    """What the four say, each over a plain question; None for what a format has no words for."""
    return {letter: say(letter, told) for letter, told in zip("CRAG", (c, r, a, g), strict=True) if told is not None}


def say(letter: str, told: Document) -> Document:
    """None in `told` takes a field away."""
    whole = {**_PLAIN[letter], **told}
    if letter == "G" and told.get("generationConfig", {}) is not None:
        config = {**_PLAIN["G"]["generationConfig"], **told.get("generationConfig", {})}
        whole["generationConfig"] = {key: value for key, value in config.items() if value is not None}
        if not whole["generationConfig"]:
            del whole["generationConfig"]
    return {key: value for key, value in whole.items() if value is not None}


_PLAIN: dict[str, Document] = {
    "C": {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "max_completion_tokens": 4000},
    "R": {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "max_output_tokens": 4000,
    },
    "A": {
        "model": "m",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    },
    "G": {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}], "generationConfig": {"maxOutputTokens": 4000}},
}


# Answers


def chat_answer(finish: str = "stop", usage: Document | None = None, logprobs: Any = None, **message: Any) -> Document:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "logprobs": logprobs, "finish_reason": finish}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "served", "choices": [choice],
        "usage": usage or tokens("C"),
    }  # fmt: skip


def responses_answer(*output: Document, status: str = "completed", reason: str = "", usage: Document | None = None) -> Document:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "served", "output": list(output),
        "incomplete_details": {"reason": reason} if reason else None, "error": None, "usage": usage or tokens("R"),
    }  # fmt: skip


def messages_answer(
    *content: Document, stop: str = "end_turn", sequence: str | None = None, usage: Document | None = None
) -> Document:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "served", "content": list(content),
        "stop_reason": stop, "stop_sequence": sequence, "usage": usage or tokens("A"),
    }  # fmt: skip


def gemini_answer(*parts: Document, finish: str = "STOP", usage: Document | None = None, **candidate: Any) -> Document:
    said = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0, **candidate}
    return {"candidates": [said], "modelVersion": "served", "responseId": "g1", "usageMetadata": usage or tokens("G")}


def tokens(letter: str, sent: int = 30, made: int = 20, cached: int = 0, thought: int = 0, written: int = 0) -> Document:
    """The same figures, as each provider counts: `sent` with all that was cached, `made` with all thoughts."""
    if letter == "C":
        return {
            "prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "completion_tokens_details": {"reasoning_tokens": thought},
        }  # fmt: skip
    if letter == "R":
        return {
            "input_tokens": sent, "output_tokens": made, "total_tokens": sent + made,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "output_tokens_details": {"reasoning_tokens": thought},
        }  # fmt: skip
    if letter == "A":
        return {
            "input_tokens": sent - cached - written, "output_tokens": made,
            "cache_read_input_tokens": cached, "cache_creation_input_tokens": written,
        }  # fmt: skip
    return {
        "promptTokenCount": sent, "candidatesTokenCount": made - thought, "totalTokenCount": sent + made,
        "thoughtsTokenCount": thought, "cachedContentTokenCount": cached,
    }  # fmt: skip


def answered(
    text: str = "", *, finish: tuple[str, str, str, str] = ("stop", "", "end_turn", "STOP"), **counts: int
) -> dict[str, Document]:
    """A text, as each provider gives it; `finish` in the four formats' words (R: the reason why it is incomplete)."""
    c, r, a, g = finish
    usage = {letter: tokens(letter, **counts) for letter in "CRAG"}
    return {
        "C": chat_answer(c, usage["C"], content=text),
        "R": responses_answer(
            *([said_item(text)] if text else []), status="incomplete" if r else "completed", reason=r, usage=usage["R"]
        ),
        "A": messages_answer(*([{"type": "text", "text": text}] if text else []), stop=a, usage=usage["A"]),
        "G": gemini_answer(*([{"text": text}] if text else []), finish=g, usage=usage["G"]),
    }


def said_item(text: str, **more: Any) -> Document:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": [], **more}
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}


def seen(letter: str, document: Document) -> Document:
    """What a client gets of an answer: without ids and times that each answer has of its own, nulls and zeros, which say
    nothing, and seals, which are another test's."""
    fields = {
        "C": ("choices", "usage"), "R": ("output", "status", "incomplete_details", "usage"),
        "A": ("content", "stop_reason", "stop_sequence", "usage"), "G": ("candidates", "usageMetadata"),
    }[letter]  # fmt: skip
    told = _plain({key: document.get(key) for key in fields}, letter)
    for choice in told.get("choices", []):
        message = choice["message"]
        if message.get("content") == "":
            del message["content"]  # the first chunk of every stream says so
        for call in message.get("tool_calls", []):
            call["id"] = call["id"].partition("~")[0]  # its seal is behind it
    if letter == "R":
        for item in told.get("output", []):
            item.pop("id", None)
            item.pop("status", None)
    return told  # type: ignore[no-any-return]  # a document stays one


_SEALS = {
    "C": ("reasoning_details",), "R": ("encrypted_content",), "A": ("signature", "encrypted_index"),
    "G": ("thoughtSignature", "index"),
}  # fmt: skip


def _plain(value: Any, letter: str) -> Any:
    if isinstance(value, list):
        return [each for each in (_plain(each, letter) for each in value) if not _is_carrier(each)]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(each, letter) for key, each in value.items() if key not in _SEALS[letter]}
    return {key: each for key, each in kept.items() if each is not None and each != 0 and each != {} and each != []}


def _is_carrier(value: Any) -> bool:
    """A thought that says nothing: it is there for its seal."""
    if not isinstance(value, dict):
        return False
    return value == {"type": "thinking", "thinking": ""} or (value.get("type") == "reasoning" and "summary" not in value)
