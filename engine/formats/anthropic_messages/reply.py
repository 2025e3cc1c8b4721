"""Anthropic Messages: whole replies, errors, and the list of models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.fault import words_of
from engine.formats.format import Heard
from engine.formats.tolerant import count, mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the status says more than the fault's kind (https://docs.anthropic.com/en/api/errors).
_TYPES = {402: "billing_error", 404: "not_found_error", 413: "request_too_large"}


def read_reply(body: bytes) -> Heard:
    try:
        document = mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return Heard(fault=Fault("upstream_bad_body"))
    heard = Heard(usage_of(mapping(document.get("usage"))), text(document.get("model")))
    if document.get("error"):
        heard.fault = fault_of(document["error"])
    elif not isinstance(document.get("content"), list):
        heard.fault = Fault("upstream_bad_body")
    return heard


def read_usage(body: bytes) -> Usage | None:
    return read_reply(body).usage


def read_served(body: bytes) -> str:
    return read_reply(body).served


def usage_of(usage: Mapping[str, Any]) -> Usage | None:
    """`input_tokens` leaves out what came from or went into the cache: the whole prompt is the sum of the three."""
    if not usage:
        return None
    cached = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    sent = count(usage.get("input_tokens")) + cached + written
    reasoning = mapping(usage.get("output_tokens_details")).get("thinking_tokens")
    return Usage(sent, count(usage.get("output_tokens")), cached, count(reasoning), written)


def error_document(fault: Fault, request_id: str) -> dict[str, Any]:
    kind = _TYPES.get(fault.status, fault.row.kind)
    return {
        "type": "error",
        "error": {"type": kind, "message": words_of(fault), "code": fault.code},
        "request_id": request_id,
    }


def write_fault(fault: Fault, request_id: str) -> bytes:
    return orjson.dumps(error_document(fault, request_id))


def write_models(models: list[Mapping[str, str | int]]) -> bytes:
    """https://docs.anthropic.com/en/api/models-list, all on one page."""
    rows = [_write_model(model) for model in models]
    ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {"first_id": None, "last_id": None}
    return orjson.dumps({"data": rows, "has_more": False, **ends})


def _write_model(model: Mapping[str, str | int]) -> dict[str, str | int]:
    created = datetime.fromtimestamp(int(model.get("created", 0)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": model["id"], "display_name": model.get("description") or model["id"], "created_at": created}
