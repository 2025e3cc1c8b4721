"""A conversation in the house's own words. What routing needs of a request, and what a reply cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Asked:
    """A chat request as far as routing needs it. `body` is the client's bytes, untouched; `document` is the same,
    parsed. `model` is the name that the client gave ("" when it gave none)."""

    model: str
    stream: bool
    body: bytes
    document: dict[str, Any]


@dataclass(slots=True)
class Usage:
    """Tokens, as the provider counted them. `input` is everything sent, cached included; `output` everything generated,
    reasoning included."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
