"""OpenAI's error object, which the Chat Completions and the Responses API share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.fault import words_of

if TYPE_CHECKING:
    from engine.faults import Fault

# OpenAI has one type for all that is the server's, and none of its own for a wrong key.
_TYPES = {
    "api_error": "server_error",
    "overloaded_error": "server_error",
    "timeout_error": "server_error",
    "authentication_error": "invalid_request_error",
}


def error_of(fault: Fault, request_id: str) -> dict[str, Any]:
    """The `error` member. `code` is the fault's own: stable, and what a client should switch on."""
    kind = fault.row.kind
    return {
        "message": words_of(fault),
        "type": _TYPES.get(kind, kind),
        "param": fault.param,
        "code": fault.code,
        "request_id": request_id,
    }
