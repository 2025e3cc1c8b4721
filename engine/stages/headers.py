"""What every answer says beside its body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from engine.parts import Stage, option
from engine.stages.respond import header_flaws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Pair

PROVIDER = b"{provider}"


@dataclass(frozen=True)
class HeaderRules(Stage):
    """Set and drop headers of whatever is answered, errors and streams too. In a value, `{provider}` is the name of the
    provider that was asked; while there is none, such a header is left out.

    The request's id cannot be set or dropped: it is what an answer, its error and its log row have in common."""

    example = "headers: {set: {x-frame-options: DENY, x-served-by: '{provider}'}, drop: ['x-ratelimit-*']}"
    sending = True

    set: dict[str, str] = option(
        "Set on every answer, instead of what it says.", default={}, example={"x-frame-options": "DENY"}
    )
    whole: dict[str, str] = option("Set on answers that are not streamed.", default={}, example={"cache-control": "no-store"})
    stream: dict[str, str] = option("Set on streams.", default={}, example={"x-accel-buffering": "no"})
    drop: list[str] = option("Left out, if the answer has them; `*` stands for any characters.", default=[])

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        for name in ("set", "whole", "stream"):
            yield from ((name, says) for says in header_flaws(getattr(self, name)))
            if any(key.lower() == "x-request-id" for key in getattr(self, name)):
                yield name, "`x-request-id` is the request's own"

    def bind(self, binding: Binding) -> Deed:  # noqa: ARG002
        whole, stream = _pairs({**self.set, **self.whole}), _pairs({**self.set, **self.stream})
        dropped = re.compile(b"|".join(translate(name.lower()).encode() for name in self.drop)).match if self.drop else None

        def headers(exchange: Exchange) -> None:
            answer = exchange.answer
            assert answer is not None
            pairs = _filled(whole if answer.stream is None else stream, exchange)
            names = {name for name, _ in pairs}
            kept = [pair for pair in answer.headers if pair[0] not in names and not (dropped and dropped(pair[0]))]
            answer.headers = kept + pairs

        return headers


def _pairs(headers: Mapping[str, str]) -> list[Pair]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _filled(pairs: list[Pair], exchange: Exchange) -> list[Pair]:
    target = exchange.target or (exchange.tries[-1].target if exchange.tries else None)
    name = target.provider.encode() if target else b""
    filled = ((key, value.replace(PROVIDER, name) if PROVIDER in value else value) for key, value in pairs)
    return [pair for pair, before in zip(filled, pairs, strict=True) if name or PROVIDER not in before[1]]
