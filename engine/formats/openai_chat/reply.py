"""OpenAI Chat Completions: whole replies, errors, and the list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.format import Heard
from engine.formats.openai_error import error_of
from engine.formats.tolerant import count, mapping, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_reply(body: bytes) -> Heard:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return Heard(fault=Fault("upstream_bad_body"))
    error = document.get("error")
    fault = None
    if error:
        fault = fault_of(error)
    elif not isinstance(document.get("choices"), list):
        fault = Fault("upstream_bad_body", "missing required field 'choices'")
    served = document.get("model")
    return Heard(usage_of(document), served if type(served) is str else "", fault)


def read_usage(body: bytes) -> Usage | None:
    return read_reply(body).usage


def read_served(body: bytes) -> str:
    return read_reply(body).served


def usage_of(document: dict[str, Any]) -> Usage | None:
    """The usage of a reply or of a chunk. Groq streams it under `x_groq`, Moonshot in the choice."""
    usage = document.get("usage") or _usage_elsewhere(document)
    if not isinstance(usage, dict):
        return None
    get = usage.get
    sent, made, cached = get("prompt_tokens"), get("completion_tokens"), get("prompt_cache_hit_tokens")
    reasoning = written = None
    if details := get("prompt_tokens_details"):
        told = mapping(details)
        cached, written = told.get("cached_tokens", cached), told.get("cache_write_tokens")
    if details := get("completion_tokens_details"):
        reasoning = mapping(details).get("reasoning_tokens")
    if type(sent) is not int or type(made) is not int or sent < 0 or made < 0:
        sent, made = count(sent), count(made)
    return Usage(
        sent,
        made,
        count(cached) if cached else 0,
        count(reasoning) if reasoning else 0,
        count(written) if written else 0,
    )


def _usage_elsewhere(document: dict[str, Any]) -> object:
    found = mapping(document.get("x_groq")).get("usage")
    return found or next((c["usage"] for c in map(mapping, sequence(document.get("choices"))) if c.get("usage")), None)


def write_fault(fault: Fault, request_id: str) -> bytes:
    return orjson.dumps({"error": error_of(fault, request_id)})


def write_models(models: list[Mapping[str, str | int]]) -> bytes:
    """https://platform.openai.com/docs/api-reference/models/list; `description` is ours and left out when empty."""
    return orjson.dumps({"object": "list", "data": [_write_model(model) for model in models]})


def _write_model(model: Mapping[str, str | int]) -> dict[str, str | int]:
    row = {"id": model["id"], "object": "model", "created": model.get("created", 0), "owned_by": model.get("owned_by", "")}
    description = model.get("description")
    return {**row, "description": description} if description else row
