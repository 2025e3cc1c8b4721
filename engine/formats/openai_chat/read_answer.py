"""OpenAI Chat Completions: a provider's whole answer, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Refusal, Text, Thinking
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.openai_chat.reply import usage_of
from engine.formats.openai_chat.words import finish_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import Piece


def read_answer(document: dict[str, Any]) -> ChatReply:
    """Never raises: `fault` says that it is no answer."""
    reply = ChatReply(text(document.get("id")), text(document.get("model")), usage=usage_of(document))
    if document.get("error"):
        reply.fault = fault_of(document["error"])
    elif not isinstance(document.get("choices"), list):
        reply.fault = Fault("upstream_bad_body")
    else:
        reply.answers = [_read_choice(mapping(choice)) for choice in document["choices"]]
        reply.service_tier = text(document.get("service_tier"))
    return reply


def _read_choice(choice: dict[str, Any]) -> Answer:
    message = mapping(choice.get("message"))
    pieces = [*read_thoughts(message), *_read_said(message), *_read_calls(message)]
    word = text(choice.get("finish_reason"))
    called = any(isinstance(piece, Call) for piece in pieces)
    return Answer(pieces, finish_of(word, called), word, logprobs=sequence(mapping(choice.get("logprobs")).get("content")))


def read_thoughts(message: dict[str, Any]) -> list[Piece]:
    """Hosts have two words for it, `reasoning_content` and `reasoning`; both at once mean the same."""
    said = text(message.get("reasoning_content")) or text(message.get("reasoning"))
    return [Thinking(said)] if said else []


def _read_said(message: dict[str, Any]) -> Iterator[Piece]:
    content = message.get("content")
    # Some hosts answer with a list of parts.
    said = content if isinstance(content, str) else "".join(text(mapping(part).get("text")) for part in sequence(content))
    if said:
        yield Text(said, citations=list(read_citations(message)))
    if refusal := text(message.get("refusal")):
        yield Refusal(refusal)


def read_citations(message: dict[str, Any]) -> Iterator[Citation]:
    for annotation in map(mapping, sequence(message.get("annotations"))):
        told = mapping(annotation.get("url_citation"))
        if told:
            start, end = told.get("start_index"), told.get("end_index")
            yield Citation(
                text(told.get("url")),
                text(told.get("title")),
                start=start if isinstance(start, int) else -1,
                end=end if isinstance(end, int) else -1,
            )


def _read_calls(message: dict[str, Any]) -> Iterator[Piece]:
    for call in map(mapping, sequence(message.get("tool_calls"))):
        told = mapping(call.get("function")) or mapping(call.get("custom"))
        said = text(told.get("arguments")) or text(told.get("input"))
        yield Call(text(call.get("id")), text(told.get("name")), said, custom=call.get("type") == "custom")
    if legacy := mapping(message.get("function_call")):
        yield Call("", text(legacy.get("name")), text(legacy.get("arguments")))
