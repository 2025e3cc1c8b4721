"""A credential that cannot be printed by accident."""

from __future__ import annotations


class Secret:
    """A credential read from the table. Every way to print it gives `***` and, when long enough, its last four characters.

    `reveal()` is the only way to the value; it is called where a request is authenticated and where an upstream
    request is written, nowhere else (tests/house holds that).
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def masked(self) -> str:
        # A short secret would be mostly given away by its last four characters.
        return "***" + self._value[-4:] if len(self._value) >= 12 else "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __repr__(self) -> str:
        return f"Secret({self.masked})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
