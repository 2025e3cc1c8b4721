"""Anthropic Messages: a provider's whole answer, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Native, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.anthropic_messages.reply import usage_of
from engine.formats.anthropic_messages.words import NAME, finish_of
from engine.formats.failure import fault_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.chat import Piece


def read_answer(document: dict[str, Any]) -> ChatReply:
    """Never raises: `fault` says that it is no answer."""
    reply = ChatReply(text(document.get("id")), text(document.get("model")), usage=usage_of(mapping(document.get("usage"))))
    if document.get("error"):
        reply.fault = fault_of(document["error"])
    elif not isinstance(document.get("content"), list):
        reply.fault = Fault("upstream_bad_body")
    else:
        pieces: list[Piece] = [read_piece(mapping(block)) for block in document["content"]]
        word = text(document.get("stop_reason"))
        finish = finish_of(word, any(isinstance(piece, Call) for piece in pieces))
        reply.answers = [Answer(pieces, finish, word, text(document.get("stop_sequence")))]
        reply.service_tier = text(mapping(document.get("usage")).get("service_tier"))
    return reply


def read_piece(block: dict[str, Any]) -> Text | Call | Thinking | Native:
    """A block of an answer, whole or as it begins in a stream."""
    kind = block.get("type")
    if kind == "text":
        citations = [read_citation(mapping(each)) for each in sequence(block.get("citations"))]
        return Text(text(block.get("text")), citations=citations)
    if kind == "tool_use":
        told = mapping(block.get("input"))
        return Call(text(block.get("id")), text(block.get("name")), orjson.dumps(told).decode() if told else "{}")
    if kind == "thinking":
        signature = text(block.get("signature"))
        return Thinking(text(block.get("thinking")), Seal(NAME, signature) if signature else None)
    if kind == "redacted_thinking":
        return Thinking("", Seal(NAME, text(block.get("data"))), redacted=True)
    return Native(NAME, block)


def read_citation(told: dict[str, Any]) -> Citation:
    """Of all kinds of places what they share: where, under which title, and the words."""
    title = text(told.get("title")) or text(told.get("document_title"))
    return Citation(text(told.get("url")), title, text(told.get("cited_text")))
