"""OpenAI Chat Completions: whole replies, errors, and the list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.format import Heard
from engine.formats.openai_error import error_of
from engine.formats.tolerant import count, mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_reply(body: bytes) -> Heard:
    try:
        document = mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return Heard(fault=Fault("upstream_bad_body"))
    heard = Heard(usage_of(document), text(document.get("model")))
    if document.get("error"):
        heard.fault = fault_of(document["error"])
    elif not isinstance(document.get("choices"), list):
        heard.fault = Fault("upstream_bad_body")
    return heard


def read_usage(body: bytes) -> Usage | None:
    return read_reply(body).usage


def read_served(body: bytes) -> str:
    return read_reply(body).served


def usage_of(document: dict[str, Any]) -> Usage | None:
    """The usage of a reply or of a chunk. Groq streams it under `x_groq`, Moonshot in the choice."""
    usage = document.get("usage") or _usage_elsewhere(document)
    if not isinstance(usage, dict):
        return None
    cached = mapping(usage.get("prompt_tokens_details")).get("cached_tokens", usage.get("prompt_cache_hit_tokens"))
    reasoning = mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")
    return Usage(count(usage.get("prompt_tokens")), count(usage.get("completion_tokens")), count(cached), count(reasoning))


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
