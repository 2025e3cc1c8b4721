"""JSON Schema says what is wrong in its own words; here that becomes a complaint in ours, at the right place."""

from __future__ import annotations

import re
from types import NoneType
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from engine import units
from engine.routes.desk import Desk, shown
from engine.routes.due import say_type, short, unit_hint
from engine.routes.lost import swallowed
from engine.routes.masking import stand_for_secrets
from engine.routes.node import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.routes.node import Node

_UNITS = {
    units.DURATION: "a duration has a unit: `250ms`, `10s`, `5m`, `1h`",
    units.SIZE: "a size has a unit: `64KiB`, `10MiB`",
    units.RATE: "a rate says how many per what: `600/min`, `10/s`",
}


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # Python's `$` also matches before a last line break; JSON Schema's (ECMA-262) does not.
    strict = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(strict, instance, re.ASCII):
        yield ValidationError("pattern")


_TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)
_Validator = extend(Draft202012Validator, {"pattern": _pattern}, type_checker=_TYPES)  # type: ignore[no-untyped-call]


class Judge:
    """Judges nodes by schemas and hands every failure to the desk. A schema that was seen before is prepared already."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._validators: dict[int, tuple[dict[str, Any], Any]] = {}

    def accepts(self, node: Node, schema: dict[str, Any], owner: str) -> bool:
        """Whether `node` is as `schema` says. `owner` is what complaints call it: "`select`", "provider `openai`"."""
        known = self._validators.get(id(schema))
        if known is None:
            # The schema is kept beside its validator so that its id stays its own.
            known = self._validators[id(schema)] = (schema, _Validator(schema))
        errors = list(known[1].iter_errors(node.plain()))
        taken = [_take_as_due(_at(node, error), error) for error in errors]
        if any(taken):
            errors = list(known[1].iter_errors(node.plain()))
        for error in _told(errors):
            named = [step for step in error.absolute_path if isinstance(step, str)]
            self._say(_at(node, error), error, f"`{named[-1]}`" if named else owner)
        return not errors

    def _say(self, node: Node, error: Any, owner: str) -> None:
        if node.failed:  # its substitution went wrong, and that has been said
            return
        schema, rule = error.schema, error.validator
        if rule == "additionalProperties":
            self._unknown_keys(node, schema, owner)
        elif rule == "required":
            self._missing_keys(node, schema, owner)
        elif schema.get("pattern") in _UNITS:
            self._desk.error(node, "R024", _UNITS[schema["pattern"]], unit_hint(node, schema["pattern"]))
        elif rule == "type":
            hidden = stand_for_secrets(str(step) for step in error.absolute_path)
            say_type(self._desk, node, *_as_list(error.validator_value), hidden=hidden)
        else:
            self._bad_value(node, rule, error.validator_value, schema)

    def _unknown_keys(self, node: Node, schema: dict[str, Any], owner: str) -> None:
        known = list(schema.get("properties", {}))
        tight = swallowed(node.value, known)  # type: ignore[arg-type]
        for key, value in node.value.items():  # type: ignore[union-attr]
            if key not in known:
                hint = self._desk.suggest(key, known) if known else f"{owner} takes no options"
                if key in tight:
                    hint = f"a space is missing after `{tight[key]}:`"
                    self._desk.error(value, "R020", f"{owner} knows no such option", hint, on_key=True)
                elif value.value is None and "keys" in known and not self._desk.nearest(key, known):
                    # `{kind: openai, MY-KEY}`: a word alone may be the credential itself.
                    self._desk.error(value, "R020", f"{owner} knows no such option", hint, on_key=True, hidden=True)
                else:
                    self._desk.error(value, "R020", f"{owner} knows no `{short(key)}`", hint, on_key=True)

    def _missing_keys(self, node: Node, schema: dict[str, Any], owner: str) -> None:
        for key in schema["required"]:
            if node.get(key) is None and key not in swallowed(node.value, (key,)).values():  # type: ignore[arg-type]
                examples = schema["properties"].get(key, {}).get("examples")
                hint = f"for example `{key}: {_as_yaml(examples[0])}`" if examples else ""
                self._desk.error(node, "R021", f"{owner} lacks `{key}`", hint, on_key=True)

    def _bad_value(self, node: Node, rule: str, limit: Any, schema: dict[str, Any]) -> None:
        if rule == "enum":
            hint = _for_status(node, limit) or self._desk.suggest(str(node.value), limit)
            self._desk.error(node, "R023", f"{shown(node)} is not one of the choices", hint)
        elif rule in ("minimum", "maximum"):
            says = f"{limit} is the {'least' if rule == 'minimum' else 'most'} that is taken here"
            self._desk.error(node, "R023", says)
        else:
            examples = schema.get("examples")
            hint = f"for example `{_as_yaml(examples[0])}`" if examples else ""
            self._desk.error(node, "R023", f"{shown(node)} is not of the form that is due here", hint)


def _at(node: Node, error: Any) -> Node:
    """The node that an error is about."""
    for step in error.absolute_path:
        node = cast("Any", node.value)[step]
    return node


def _told(errors: list[Any]) -> list[Any]:
    """A number where one of some words is due has two faults, and one is enough: the one that names the words. Where
    nothing or a structure stands, its type is the fault."""
    bare = {tuple(e.absolute_path) for e in errors if e.validator == "type" and not isinstance(e.instance, (int, float))}
    chosen = {tuple(e.absolute_path) for e in errors if e.validator == "enum"} - bare
    dropped = {"type": chosen, "enum": bare}
    return [error for error in errors if tuple(error.absolute_path) not in dropped.get(error.validator, ())]


# What people write for a failure, and the word for it where failures are chosen (fallback's `on`): as the stage `call`
# judges a provider's status, where a provider's own 504 is a failure of the `server` too.
_STATUS = {"401": "auth", "403": "auth", "407": "auth", "429": "rate_limit"}


def _for_status(node: Node, choices: list[Any]) -> str:
    text = "" if node.substituted else str(node.value).lower()
    word = _STATUS.get(text) or ("server" if re.fullmatch(r"5[0-9x]{2}", text) else "")
    return f"a status is not named here; `{text}` is `{word}`" if word in choices else ""


def _take_as_due(node: Node, error: Any) -> bool:
    """A substituted value is read as what is due: a bare `${KEY}` of digits is text where text is due, and a `"${WORKERS}"`
    is a number where a number is, since inside brackets it must have quotes."""
    if error.validator != "type" or not node.substituted:
        return False
    due = _as_list(error.validator_value)
    if "string" in due and isinstance(node.value, (int, float)):
        node.value = node.text
        return True
    if isinstance(node.value, str) and not isinstance(value := resolve(node.text), (str, NoneType)):
        node.value = value
        return True
    return False


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _as_yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_as_yaml(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
