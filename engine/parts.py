"""Named building blocks described by their own code.

A part is a dataclass: its fields are its options, its docstring is its documentation, and its JSON Schema is derived from
both. A folder of parts is a registry: the file's name is the word that routes.yaml uses.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import types
import typing
from dataclasses import MISSING, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine import units
from engine.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.ports import Binding

Unit = Literal["duration", "size", "rate"]


@dataclass(frozen=True, slots=True)
class Option:
    """What an option is beyond its type: a sentence, its unit, what it names, an example."""

    says: str
    unit: Unit | None = None
    names: str | None = None  # "provider", "target" (provider or pool), "model", "format": checked as a reference
    example: Any = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    shown: Any = None  # the default as a person writes it ("10s" where the field holds 10.0)


def option(
    says: str,
    *,
    default: Any = MISSING,
    unit: Unit | None = None,
    names: str | None = None,
    example: Any = None,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
) -> Any:
    """A dataclass field that is an option of a part. A default with a unit is given as it is written: `default="10s"`."""
    shown = None if default is MISSING else default
    if unit and isinstance(default, str):
        default = {"duration": units.read_duration, "size": units.read_size, "rate": units.read_rate}[unit](default)
    meta = {"option": Option(says, unit, names, example, minimum, maximum, pattern, shown)}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=meta)
    return field(metadata=meta) if default is MISSING else field(default=default, metadata=meta)


class Part:
    """The root of all parts. `example` is a line of YAML that a reader may copy."""

    word: ClassVar[str] = ""
    example: ClassVar[str] = ""


Deed = typing.Callable[[Any], "typing.Awaitable[None] | None"]


class Stage(Part):
    """A step of a pipeline. `reads` and `writes` name fields of the exchange; the compiler proves that what is read was
    written before. A stage with `sending` runs when there is an answer, also an error's, just before its head goes out; it
    finds it in `exchange.answer` and never waits. A stage with `after` runs when the last byte is out, always, whatever
    happened before. A route with a stage that `watches` tells how the gateway is, and does so under overload too."""

    reads: ClassVar[frozenset[str]] = frozenset()
    writes: ClassVar[frozenset[str]] = frozenset()
    sending: ClassVar[bool] = False
    after: ClassVar[bool] = False
    watches: ClassVar[bool] = False

    def needs(self) -> frozenset[str]:
        """What it reads with these options: all of `reads`, or less."""
        return self.reads

    def formats(self) -> frozenset[str]:
        """The formats of clients that these options are for; empty: all."""
        return frozenset()

    def bind(self, binding: Binding) -> Deed:
        """Everything resolved once. The deed takes the exchange; one that never waits returns None."""
        raise NotImplementedError

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """What is wrong with these options beyond their schema: (option name or "", sentence)."""
        return iter(())

    def strays(self, pattern: str, captured: frozenset[str]) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """As `flaws`, against the path of the route's match and the names that it captures."""
        return iter(())


def options_of(part: type) -> list[tuple[dataclasses.Field[Any], Option, Any]]:
    """(field, option, type) for every option of a part, in order of declaration."""
    return _options_of(part)


@functools.cache  # reading types takes its time, and a table asks once per part that it uses
def _options_of(part: type) -> list[tuple[dataclasses.Field[Any], Option, Any]]:
    hints = typing.get_type_hints(part)
    return [(f, f.metadata["option"], hints[f.name]) for f in dataclasses.fields(part) if "option" in f.metadata]


def summary_of(part: type) -> str:
    """The docstring, unwrapped: the first paragraph is what lists show."""
    return inspect.cleandoc(part.__doc__ or "")


_UNIT_SCHEMA: dict[str, dict[str, Any]] = {
    "duration": {"type": "string", "pattern": units.DURATION},
    "size": {"type": "string", "pattern": units.SIZE},
    "rate": {"type": "string", "pattern": units.RATE},
}
_PLAIN: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number", Secret: "string"}


def _type_schema(kind: Any, about: Option) -> dict[str, Any]:
    if about.unit and typing.get_origin(kind) not in (list, dict):
        return dict(_UNIT_SCHEMA[about.unit])
    if dataclasses.is_dataclass(kind):
        return schema_of(typing.cast("type", kind))
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin is list:
        return {"type": "array", "items": _type_schema(args[0], about)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type_schema(args[1], about)}
    if origin in (typing.Union, types.UnionType):
        (inner,) = [a for a in args if a is not type(None)]
        return _type_schema(inner, about)
    schema: dict[str, Any] = {"type": _PLAIN[kind]}
    for key in ("minimum", "maximum", "pattern"):
        if getattr(about, key) is not None:
            schema[key] = getattr(about, key)
    return schema


def schema_of(part: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a part's options, as they are written in YAML."""
    properties: dict[str, Any] = {}
    required = []
    for f, about, kind in options_of(part):
        schema = _type_schema(kind, about)
        schema["description"] = about.says
        if about.example is not None:
            schema["examples"] = [about.example]
        if f.default is MISSING and f.default_factory is MISSING:
            required.append(f.name)
        elif about.shown not in (None, [], {}):
            schema["default"] = about.shown
        properties[f.name] = schema
    out: dict[str, Any] = {"type": "object", "description": summary_of(part), "properties": properties}
    if required:
        out["required"] = required
    out["additionalProperties"] = False
    return out


def _build_value(kind: Any, about: Option, value: Any) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [_build_value(args[0], about, v) for v in value]
    if origin is dict:
        return {k: _build_value(args[1], about, v) for k, v in value.items()}
    if origin in (typing.Union, types.UnionType):
        (inner,) = [a for a in args if a is not type(None)]
        return None if value is None else _build_value(inner, about, value)
    if dataclasses.is_dataclass(kind):
        return build(typing.cast("type", kind), value)
    if kind is Secret:
        return value if isinstance(value, Secret) else Secret(value)
    if about.unit and isinstance(value, str):
        return {"duration": units.read_duration, "size": units.read_size, "rate": units.read_rate}[about.unit](value)
    return float(value) if kind is float else value


def build(part: type, values: Mapping[str, Any]) -> Any:
    """The part with these options, which its schema has already accepted: units read, secrets wrapped."""
    ready = {f.name: _build_value(kind, about, values[f.name]) for f, about, kind in options_of(part) if f.name in values}
    return part(**ready)


class Registry:
    """The parts of one kind, by word."""

    def __init__(self, kind: str, parts: Mapping[str, type[Any]]) -> None:
        self.kind = kind
        self.parts = dict(sorted(parts.items()))

    @classmethod
    def of_folder(cls, kind: str, package: types.ModuleType, root: type[Part]) -> Registry:
        """Every file of the folder that defines a subclass of `root`; the file's name is the word. The file that defines
        `root` itself, and files that define no part, are left out."""
        found: dict[str, type[Any]] = {}
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            for thing in vars(module).values():
                mine = inspect.isclass(thing) and thing.__module__ == module.__name__
                if mine and issubclass(thing, root) and thing is not root:
                    thing.word = info.name
                    found[info.name] = thing
        return cls(kind, found)

    def __getitem__(self, word: str) -> type[Any]:
        return self.parts[word]

    def __contains__(self, word: object) -> bool:
        return word in self.parts

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)
