"""Gemini generateContent: whole replies, errors, and the list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.fault import seconds_of, words_of
from engine.formats.format import Heard
from engine.formats.tolerant import count, mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto gives the words and their statuses.
_STATUS_WORDS = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def read_reply(body: bytes) -> Heard:
    """A stream that was asked for without `alt=sse` is one JSON array; its counts are those of its last elements."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Heard(fault=Fault("upstream_bad_body"))
    documents = [mapping(element) for element in parsed] if isinstance(parsed, list) else [mapping(parsed)]
    heard = Heard(served=next(filter(None, (text(d.get("modelVersion")) for d in documents)), ""))
    counts: dict[str, Any] = {}
    for document in documents:
        counts.update(counts_of(document))
    heard.usage = usage_of(counts)
    error = next((document["error"] for document in documents if document.get("error")), None)
    if error is not None:
        heard.fault = fault_of(error)
    elif not any(document.keys() & {"candidates", "promptFeedback", "usageMetadata"} for document in documents):
        heard.fault = Fault("upstream_bad_body")
    return heard


def read_usage(body: bytes) -> Usage | None:
    return read_reply(body).usage


def read_served(body: bytes) -> str:
    return read_reply(body).served


def counts_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The counts that a reply or an event names: of each the last that is not null counts."""
    return {key: value for key, value in mapping(document.get("usageMetadata")).items() if value is not None}


def usage_of(counts: Mapping[str, Any]) -> Usage | None:
    """Prompts include what was cached but not what tools put in; answers do not include thoughts."""
    if not counts:
        return None
    thoughts = count(counts.get("thoughtsTokenCount"))
    return Usage(
        input=count(counts.get("promptTokenCount")) + count(counts.get("toolUsePromptTokenCount")),
        output=count(counts.get("candidatesTokenCount")) + thoughts,
        cached=count(counts.get("cachedContentTokenCount")),
        reasoning=thoughts,
    )


def is_finished(document: Mapping[str, Any]) -> bool:
    """A candidate that gives its reason, or a prompt that was blocked and so gets no candidate."""
    if any(mapping(candidate).get("finishReason") for candidate in sequence(document.get("candidates"))):
        return True
    return bool(mapping(document.get("promptFeedback")).get("blockReason"))


def write_fault(fault: Fault, request_id: str) -> bytes:
    """https://cloud.google.com/apis/design/errors. `error` is the first key: the SDK tests a stream for that prefix."""
    error = {
        "code": fault.status,
        "message": words_of(fault),
        "status": _STATUS_WORDS.get(fault.status, "INVALID_ARGUMENT" if fault.status < 500 else "INTERNAL"),
        "details": _details(fault, request_id),
    }
    return orjson.dumps({"error": error})


def _details(fault: Fault, request_id: str) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": fault.code.upper(), "domain": "engine"},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id},
    ]
    if fault.param:
        violation = {"field": fault.param, "description": words_of(fault)}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    seconds = seconds_of(fault)
    if seconds is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"})
    return details


def write_models(models: list[Mapping[str, str | int]]) -> bytes:
    """https://ai.google.dev/api/models#method:-models.list"""
    return orjson.dumps({"models": [_write_model(model) for model in models]})


def _write_model(model: Mapping[str, str | int]) -> dict[str, Any]:
    return {
        "name": f"models/{model['id']}",
        "displayName": model["id"],
        "description": model.get("description", ""),
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent"],
    }
