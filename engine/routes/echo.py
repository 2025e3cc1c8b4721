"""The table as it was understood, as YAML: variables substituted, defaults filled in, secrets masked."""

from __future__ import annotations

import dataclasses
import typing
from typing import TYPE_CHECKING, Any

import yaml

from engine.parts import Option, options_of
from engine.routes.node import resolve
from engine.secret import Secret

if TYPE_CHECKING:
    from engine.program import Model, Pool, Program, Provider, Route, StageUse

_DURATIONS = (("h", 3600), ("m", 60), ("s", 1))
_SIZES = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1))
_RATES = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "day"}


def write_table(program: Program) -> str:
    """YAML that means the same program, except for its secrets. Pipelines stand in their routes."""
    table: dict[str, Any] = {"version": 1, "server": _options(program.server)}
    table["providers"] = {name: _provider(provider) for name, provider in program.providers.items()}
    if program.pools:
        table["pools"] = {name: _pool(pool) for name, pool in program.pools.items()}
    if program.models:
        table["models"] = [_model(model) for model in program.models]
    if program.default:
        table["default"] = _said(dataclasses.asdict(program.default))
    table["routes"] = [_route(route) for route in program.routes]
    unavailable = [provider for provider in program.providers.values() if provider.unavailable]
    notes = [f"# provider `{provider.name}` is unavailable: {provider.unavailable}\n" for provider in unavailable]
    text = yaml.dump(_escaped(table), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return "".join(notes) + text


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the same option twice is written twice
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quoted wherever it would be read as a number, a boolean or nothing; the library's own rules are YAML 1.1's."""
    style = None if isinstance(resolve(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def _escaped(value: Any) -> Any:
    """`${` that is meant literally is written `$${`."""
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: it says nothing."""
    return {key: value for key, value in values.items() if value not in ("", None, [], {})}


def _options(part: Any) -> dict[str, Any]:
    values = {field.name: _value(getattr(part, field.name), about) for field, about, _ in options_of(type(part))}
    return {name: value for name, value in values.items() if value is not None}


def _value(value: Any, about: Option) -> Any:
    if isinstance(value, Secret):
        return value.masked if value else ""
    if dataclasses.is_dataclass(value):
        return _options(value)
    if about.unit == "rate" and isinstance(value, tuple):
        return f"{value[0]}/{_RATES[value[1]]}"
    if isinstance(value, (list, tuple)):
        return [_value(item, about) for item in value]
    if isinstance(value, dict):
        return {key: _value(item, about) for key, item in value.items()}
    if isinstance(value, (int, float)) and about.unit in ("duration", "size"):
        return duration(value) if about.unit == "duration" else size(int(value))
    return value


def duration(seconds: float) -> str:
    """`90s`, `5m`, `250ms`: the largest unit that says it whole, else seconds with up to three places."""
    for unit, many in _DURATIONS:
        if seconds % many == 0 and (seconds or unit == "s"):
            return f"{int(seconds // many)}{unit}"
    milliseconds = seconds * 1000
    if abs(milliseconds - round(milliseconds)) < 1e-6:
        return f"{round(milliseconds)}ms"
    return f"{milliseconds:.3f}".rstrip("0") + "ms"


def size(count: int) -> str:
    """`64KiB`: the largest binary unit that says it whole."""
    for unit, many in _SIZES:
        if count % many == 0 and count >= many:
            return f"{count // many}{unit}"
    return f"{count}B"


def _provider(provider: Provider) -> dict[str, Any]:
    own = _options(provider.options) if provider.options is not None else {}
    keys = [key.masked for key in provider.keys]
    return {
        "kind": provider.kind,
        # Without `keys`, a provider with a URL of its own would be one that needs none.
        **({"keys": keys} if keys or provider.unavailable else {}),
        "base_url": f"{provider.origin}{provider.path}",
        "format": provider.format,
        "credential": provider.credential,
        "allow_private": provider.origin.allow_private,
        "transport": provider.transport,
        **_said({"proxy": provider.proxy.masked if provider.proxy else None}),
        "http2": provider.http2,
        **_said({"headers": _texts(provider), "forward": [name.decode() for name in provider.forward]}),
        "connections": provider.connections,
        "wait": duration(provider.wait),
        "max_tokens": provider.max_tokens,
        "gunzip": provider.gunzip,
        **own,
    }


def _texts(provider: Provider) -> dict[str, str]:
    pairs = [(name, value.decode()) for name, value in provider.headers]
    return {name.decode(): Secret(value).masked if name in provider.sealed else value for name, value in pairs}


def _pool(pool: Pool) -> dict[str, Any]:
    return {"strategy": pool.strategy, "of": list(pool.of), **_options(pool.part)}


def _model(model: Model) -> dict[str, Any]:
    return {**_said({**dataclasses.asdict(model), "can": None}), **({} if model.can is None else {"can": list(model.can)})}


def _route(route: Route) -> dict[str, Any]:
    written = {"match": route.name, **_said({"speaks": route.speaks})}
    if route.public:
        written["public"] = True
    if route.errors is not None:
        written["errors"] = _options(route.errors)
    return {**written, "pipeline": [_stage(use) for use in route.stages]}


def _stage(use: StageUse) -> Any:
    options = _options(use.part)
    return {use.word: typing.cast("Any", options)} if options else use.word
