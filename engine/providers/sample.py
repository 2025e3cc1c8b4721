"""A value that fits a JSON Schema, always the same one: what a scripted provider calls tools with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEEPEST = 8  # levels; a schema may refer to itself
_LONGEST = 8  # items of an array
_WIDEST = 100  # members of an object
_MOST = 1000  # values in all: levels multiply
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "echo@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: object, said: str) -> Any:
    """What is fixed or suggested by the schema comes first (const, enum, default, examples); free strings are `said`. Objects
    get their required members only. Odd schemas give None, never an error."""
    return _Sampler(schema, said).value(schema, _DEEPEST)


class _Sampler:
    def __init__(self, root: object, said: str) -> None:
        self._root = root
        self._said = said
        self._left = _MOST
        self._writers: dict[str, Callable[[Mapping[str, Any], int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "number": self._number,
            "integer": self._number,
            "boolean": lambda schema, depth: True,  # noqa: ARG005
        }

    def value(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if not isinstance(schema, dict) or depth == 0 or self._left < 0:
            return None
        if "const" in schema:
            return schema["const"]
        for key in ("enum", "examples"):
            if isinstance(schema.get(key), list) and schema[key]:
                return schema[key][0]
        if "default" in schema:
            return schema["default"]
        inner = self._inner(schema)
        if inner is not None:
            return self.value(inner, depth - 1)
        write = self._writers.get(_type_of(schema))
        return write(schema, depth) if write else None

    def _inner(self, schema: Mapping[str, Any]) -> object | None:
        """The schema that this one hands over to: a reference, or the first alternative that is not null."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _look_up(reference, self._root)
        for key in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(key), list):
                return next((s for s in schema[key] if isinstance(s, dict) and s.get("type") != "null"), None)
        return None

    def _object(self, schema: Mapping[str, Any], depth: int) -> Any:
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict) or not isinstance(required, list):
            return {}
        names = [name for name in required[:_WIDEST] if isinstance(name, str) and name in properties]
        return {name: self.value(properties[name], depth - 1) for name in names}

    def _array(self, schema: Mapping[str, Any], depth: int) -> Any:
        if not isinstance(schema.get("items"), dict) or depth == 1:
            return []
        least = schema.get("minItems", 1)
        many = min(max(least, 1), _LONGEST) if isinstance(least, int) else 1
        return [self.value(schema["items"], depth - 1) for _ in range(many)]

    def _string(self, schema: Mapping[str, Any], _depth: int) -> Any:
        wanted = schema.get("format")
        value = _FORMATS.get(wanted, self._said) if isinstance(wanted, str) else self._said
        longest = schema.get("maxLength")
        return value[: max(longest, 0)] if isinstance(longest, int) else value

    def _number(self, schema: Mapping[str, Any], _depth: int) -> Any:
        for key, step in (("minimum", 0), ("exclusiveMinimum", 1)):
            if _is_number(schema.get(key)):
                return schema[key] + step
        most = schema.get("maximum")
        return min(most, 1) if isinstance(most, (int, float)) else 1


def _look_up(reference: str, root: object) -> object | None:
    """A reference within the schema: `#/$defs/place` (RFC 6901)."""
    found = root
    for part in reference.removeprefix("#").split("/")[1:]:
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    return kind if isinstance(kind, str) else "object" if "properties" in schema else "string"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
