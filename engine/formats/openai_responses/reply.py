"""OpenAI Responses: whole replies and errors. The list of models is Chat Completions'."""

from __future__ import annotations

from typing import Any

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.format import Heard
from engine.formats.tolerant import count, mapping, text


def read_reply(body: bytes) -> Heard:
    try:
        document = mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return Heard(fault=Fault("upstream_bad_body"))
    heard = Heard(usage_of(document), text(document.get("model")))
    if document.get("error") and "id" not in document:  # a failed response names its error, too
        heard.fault = fault_of(document["error"])
    elif not isinstance(document.get("output"), list) and not document.get("error"):
        heard.fault = Fault("upstream_bad_body")
    return heard


def read_usage(body: bytes) -> Usage | None:
    return read_reply(body).usage


def read_served(body: bytes) -> str:
    return read_reply(body).served


def usage_of(response: dict[str, Any]) -> Usage | None:
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return None
    sent = mapping(usage.get("input_tokens_details"))
    reasoning = mapping(usage.get("output_tokens_details")).get("reasoning_tokens")
    return Usage(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(sent.get("cached_tokens")),
        count(reasoning),
        count(sent.get("cache_write_tokens")),
    )
