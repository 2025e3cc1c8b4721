"""What never became a request, told in words: one line a period for each kind, however many there were (F-37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Refusals:
    """`counts()` is how many were refused so far, by fault code; `say` is the console's. Nothing is done per refusal."""

    def __init__(self, counts: Callable[[], Mapping[str, int]], say: Callable[..., None]) -> None:
        self._counts = counts
        self._say = say
        self._told: dict[str, int] = {}

    def tell(self) -> None:
        """Of those since the last time. To be called at most once in the console's period."""
        for code, many in self._counts().items():
            new = many - self._told.get(code, 0)
            if new:
                self._told[code] = many
                self._say(f"refused_{code}", f"{new} refused: {TABLE[code].says}", "warning", code=code, count=new)
