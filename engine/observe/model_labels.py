"""The names of models that figures may tell: the table's, never a client's."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.program import Model

MOST_NAMES = 1024  # client-given model names remembered with their label


class ModelLabels(dict[str, str]):
    """A client's model name -> the configured name or pattern that it falls under, or "other"."""

    def __init__(self, models: Iterable[Model]) -> None:
        super().__init__((model.name, model.name) for model in models)
        self._patterns = [name for name in self if "*" in name]
        self._room = len(self) + MOST_NAMES

    def __missing__(self, asked: str) -> str:
        label = next((pattern for pattern in self._patterns if fnmatchcase(asked, pattern)), "other")
        if len(self) < self._room:  # clients choose names: what is remembered is bounded
            self[asked] = label
        return label
