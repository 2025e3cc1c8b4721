"""Gemini generateContent: a provider's whole answer, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Media, Native, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.gemini_generate.read_contents import append_piece, kind_of
from engine.formats.gemini_generate.reply import counts_of, usage_of
from engine.formats.gemini_generate.words import NAME, finish_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import Piece

# The model's own mistakes: nothing that a client could use has come (formats.md section 3.2).
BROKEN = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"})


def read_answer(document: dict[str, Any]) -> ChatReply:
    """Never raises: `fault` says that it is no answer."""
    reply = ChatReply(text(document.get("responseId")), text(document.get("modelVersion")), usage=usage_of(counts_of(document)))
    blocked = text(mapping(document.get("promptFeedback")).get("blockReason"))
    if document.get("error"):
        reply.fault = fault_of(document["error"])
    elif blocked and not document.get("candidates"):
        reply.answers = [Answer([], "filter", blocked)]
    elif not document.keys() & {"candidates", "promptFeedback", "usageMetadata"}:
        reply.fault = Fault("upstream_bad_body")
    else:
        reply.answers = [_read_candidate(mapping(each)) for each in sequence(document.get("candidates"))]
        if any(answer.raw in BROKEN and not answer.pieces for answer in reply.answers):
            reply.fault = Fault("upstream_error", inside=reply.answers[0].raw)
    return reply


def _read_candidate(candidate: dict[str, Any]) -> Answer:
    parts = sequence(mapping(candidate.get("content")).get("parts"))
    pieces: list[Piece] = []
    for part in map(mapping, parts):
        for piece in read_part(part):
            append_piece(pieces, piece)
    word = text(candidate.get("finishReason"))
    last = next((piece for piece in reversed(pieces) if isinstance(piece, Text)), None)
    if last is not None:
        last.citations = list(read_citations(candidate))
    finish = finish_of(word, any(isinstance(piece, Call) for piece in pieces))
    return Answer(pieces, finish, word, logprobs=read_logprobs(mapping(candidate.get("logprobsResult"))))


def read_part(part: dict[str, Any]) -> list[Text | Thinking | Call | Media | Native]:
    """A list, since some parts come to nothing."""
    signature = text(part.get("thoughtSignature"))
    seal = Seal(NAME, signature) if signature else None
    if isinstance(part.get("text"), str):
        said = part["text"]
        if part.get("thought"):
            return [Thinking(said, seal)]
        return [Text(said, seal=seal)] if said or seal else []
    if told := mapping(part.get("functionCall")):
        arguments = mapping(told.get("args"))
        return [Call(text(told.get("id")), text(told.get("name")), orjson.dumps(arguments).decode(), seal=seal)]
    if told := mapping(part.get("inlineData")):
        mime = text(told.get("mimeType"))
        return [Media(kind_of(mime), mime, text(told.get("data")))]
    return [Native(NAME, part)] if part else []


def read_citations(candidate: dict[str, Any]) -> Iterator[Citation]:
    grounding = mapping(candidate.get("groundingMetadata"))
    for chunk in map(mapping, sequence(grounding.get("groundingChunks"))):
        if web := mapping(chunk.get("web")):
            yield Citation(text(web.get("uri")), text(web.get("title")))
    for source in map(mapping, sequence(mapping(candidate.get("citationMetadata")).get("citationSources"))):
        start, end = source.get("startIndex"), source.get("endIndex")
        yield Citation(
            text(source.get("uri")),
            text(source.get("title")),
            start=start if isinstance(start, int) else -1,
            end=end if isinstance(end, int) else -1,
        )


def read_logprobs(result: dict[str, Any]) -> list[Any]:
    """As OpenAI's token objects."""
    tops = sequence(result.get("topCandidates"))
    return [
        {**_token(mapping(chosen)), "top_logprobs": [_token(mapping(each)) for each in _candidates(tops, index)]}
        for index, chosen in enumerate(sequence(result.get("chosenCandidates")))
    ]


def _candidates(tops: list[Any], index: int) -> list[Any]:
    return sequence(mapping(tops[index]).get("candidates")) if index < len(tops) else []


def _token(told: dict[str, Any]) -> dict[str, Any]:
    token = text(told.get("token"))
    return {"token": token, "logprob": told.get("logProbability", 0.0), "bytes": list(token.encode(errors="replace"))}
