"""Anthropic Messages: requests (https://docs.anthropic.com/en/api/messages)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.document import need_list, read_asked
from engine.formats.json_scan import replace_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import Asked


def peek(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:  # noqa: ARG001
    """Raises Fault("invalid_json" | "invalid_body")."""
    asked = read_asked(body)
    need_list(asked.document, "messages")
    return asked


def rename(asked: Asked, model: str) -> bytes:
    return replace_member(asked.body, asked.document, "model", model)


def path(asked: Asked, model: str, query: str = "") -> str:  # noqa: ARG001
    """The SDK's beta client marks its calls with `?beta=true`."""
    return "/v1/messages?beta=true" if "beta=true" in query.split("&") else "/v1/messages"
