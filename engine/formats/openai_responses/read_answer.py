"""OpenAI Responses: a provider's whole answer, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.answer import Answer, ChatReply
from engine.chat import Call, Media, Native, Refusal, Text
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.openai_responses.read_items import read_thought
from engine.formats.openai_responses.read_parts import read_citations
from engine.formats.openai_responses.reply import usage_of
from engine.formats.openai_responses.words import CALLS, NAME, finish_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import Piece

_FAILED = ("failed", "cancelled")


def read_answer(document: dict[str, Any]) -> ChatReply:
    """Never raises: `fault` says that it is no answer."""
    reply = ChatReply(text(document.get("id")), text(document.get("model")), usage=usage_of(document))
    if document.get("error") or document.get("status") in _FAILED:
        reply.fault = fault_of(document.get("error"))
    elif not isinstance(document.get("output"), list):
        reply.fault = Fault("upstream_bad_body")
    else:
        items = [mapping(item) for item in document["output"]]
        pieces = [piece for item in items for piece in read_item(item)]
        finish, raw = read_finish(document, any(isinstance(piece, Call) for piece in pieces))
        reply.answers = [Answer(pieces, finish, raw, logprobs=_read_logprobs(items))]
        reply.service_tier = text(document.get("service_tier"))
    return reply


def read_finish(response: dict[str, Any], called: bool) -> Any:
    """(finish, the provider's word for it)."""
    status, reason = text(response.get("status")), text(mapping(response.get("incomplete_details")).get("reason"))
    return finish_of(status, reason, called), reason or status


def read_item(item: dict[str, Any]) -> Iterator[Piece]:
    """The pieces of an item of the output."""
    kind = text(item.get("type"))
    if kind == "message":
        for part in map(mapping, sequence(item.get("content"))):
            yield from _read_said(part)
    elif kind in CALLS:
        yield read_call(item)
    elif kind == "reasoning":
        thought = read_thought(item)
        if thought.text or thought.seal:
            yield thought
    elif kind == "image_generation_call" and text(item.get("result")):
        yield Media("image", f"image/{text(item.get('output_format')) or 'png'}", text(item["result"]))
    elif item:
        yield Native(NAME, item)


def _read_said(part: dict[str, Any]) -> Iterator[Piece]:
    if said := text(part.get("text")):
        yield Text(said, citations=list(read_citations(part)))
    if refusal := text(part.get("refusal")):
        yield Refusal(refusal)


def read_call(item: dict[str, Any]) -> Call:
    """Some hosts give an item's id only."""
    custom = item.get("type") == "custom_tool_call"
    known = text(item.get("call_id")) or text(item.get("id"))
    return Call(known, text(item.get("name")), text(item.get("input" if custom else "arguments")), custom=custom)


def _read_logprobs(items: list[dict[str, Any]]) -> list[Any]:
    parts = (mapping(part) for item in items for part in sequence(item.get("content")))
    return [token for part in parts for token in sequence(part.get("logprobs"))]
