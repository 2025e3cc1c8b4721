"""Who could get at what: credentials written in the table, and a table without a key that listens to the network."""

from __future__ import annotations

import dataclasses
import re
import typing

from engine.parts import Stage, options_of
from engine.routes.base_url import is_loopback
from engine.routes.meant import holds_secret
from engine.routes.shape import ProviderWords
from engine.routes.substitution import bare_variable

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.routes.desk import Desk
    from engine.routes.draft import Draft, DraftStage
    from engine.routes.node import Node

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\[\]:/\s]*)):([0-9]{1,5})", re.ASCII)


def check_exposure(draft: Draft, desk: Desk) -> None:
    """Complaints about what the table would give away."""
    _listening(draft, desk)
    for provider in draft.providers.values():
        _inline(ProviderWords, provider.node, desk)
        _inline(type(provider.own), provider.node, desk)
    for pipeline in [*draft.pipelines.values(), *(route.pipeline for route in draft.routes)]:
        for stage in pipeline.stages if pipeline else ():
            if stage.part is not None and stage.options is not None:
                _inline(type(stage.part), stage.options, desk)


def _listening(draft: Draft, desk: Desk) -> None:
    if draft.server is None:
        return
    found = _LISTEN.fullmatch(draft.server.listen)
    node = draft.server_node and draft.server_node.get("listen")
    if not found or int(found[3]) > 65535:
        if node is not None:
            desk.error(
                node, "R023", "this is not an address to listen on", "for example `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`"
            )
        return
    stage = _wide_open(draft)
    if node is not None and stage is not None and not is_loopback(found[1] or found[2]):
        says = f"no key is set and `{stage.word}` is `open_on_loopback`, so this table may listen on loopback only"
        desk.error(node, "R060", says, "set a key, or listen on 127.0.0.1")


def _wide_open(draft: Draft) -> DraftStage | None:
    """The first stage that is open on loopback for want of a key."""
    for route in draft.routes:
        for stage in route.pipeline.stages if route.pipeline else ():
            if stage.part is not None and not (route.words and route.words.public) and _stands_open(stage.part):
                return stage
    return None


def _stands_open(part: Stage) -> bool:
    if not getattr(part, "open_on_loopback", False):
        return False
    # Without that option it would find itself wrong exactly when it has no key.
    closed = dataclasses.replace(part, open_on_loopback=False)  # type: ignore[type-var]
    return next(iter(closed.flaws(False)), None) is not None


def _inline(part: type, node: Node, desk: Desk) -> None:
    """A credential that stands in the table itself ends up wherever the table does."""
    if not dataclasses.is_dataclass(part):
        return
    for field, _, kind in options_of(part):
        value = node.get(field.name)
        if value is not None and holds_secret(kind):
            for item in _scalars(value):
                if item.value and not item.substituted:
                    _written_out(field.name, item, desk)


def _written_out(field: str, item: Node, desk: Desk) -> None:
    if meant := bare_variable(str(item.value)):
        desk.error(item, "R015", "this is taken as it stands, and is no variable", f"did you mean `{meant}`?")
    elif _is_credential(field, str(item.value)):
        hint = "put it in a variable and write `${NAME}`, or in a file and write `${file:/path}`"
        desk.warn(item, "R062", "a credential stands in the table itself", hint)


def _is_credential(field: str, text: str) -> bool:
    return field != "proxy" or "@" in text  # the address of a proxy is none; user and password in it are


def _scalars(node: Node) -> Iterator[Node]:
    if isinstance(node.value, list):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node.value, dict):
        for item in node.value.values():
            yield from _scalars(item)
    else:
        yield node
