"""The model of a body of 1 KiB looked at for doubt, and replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import BODY, asked
from engine.formats.json_scan import repeated, replace_member

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 4.5


def operation() -> Callable[[], object]:
    document = asked().document

    def scan() -> bytes:
        repeated(BODY, ("model", "stream"))
        return replace_member(BODY, document, "model", "gpt-4o-2024-11-20")

    assert not repeated(BODY, ("model", "stream"))
    assert scan() == BODY.replace(b'"gpt-4o"', b'"gpt-4o-2024-11-20"')
    return scan
