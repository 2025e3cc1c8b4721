"""Faults sorted as operators sort them: seven families, for figures and for errors that name no code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.faults import TABLE, Blame

if TYPE_CHECKING:
    from engine.faults import Row

Family = Literal["unknown_model", "auth", "rate_limit", "timeout", "invalid_request", "server_error", "network"]


def _family(code: str, row: Row) -> Family:
    if code == "unknown_model":
        return "unknown_model"
    if row.pools == "auth" or row.kind in ("authentication_error", "permission_error"):
        return "auth"
    if row.pools == "rate_limit" or row.kind == "rate_limit_error":
        return "rate_limit"
    if row.kind == "timeout_error" or code == "request_timeout":
        return "timeout"
    if row.pools == "network" or code == "client_gone":
        return "network"
    if row.blame is Blame.CLIENT or row.kind == "invalid_request_error":
        return "invalid_request"
    return "server_error"


# By a fault's code.
FAMILIES: dict[str, Family] = {code: _family(code, row) for code, row in TABLE.items()}


def family_of(code: str) -> Family:
    """Also of the codes of attempts that are no faults ("cancelled")."""
    return FAMILIES.get(code, "server_error")
