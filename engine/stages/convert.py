"""Hot: guarded by bench/micro/convert.py. The answer, in the client's format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.formats import FORMATS
from engine.formats.error_writer import errors_of
from engine.parts import Stage, option
from engine.stages.conversing import ForeignStream
from engine.stages.piping import Converted, Untouched
from engine.stages.tidying import Tidying
from engine.stages.whole import Whole
from engine.web import Response, Streamed

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.formats.conversion import Conversion
    from engine.formats.losses import OnLoss
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.program import Route
    from engine.web import Headers, Pair

# What of a provider's headers reaches the client, under which name; all else stays behind (reliability.md 1.5).
PASSED = {
    b"x-request-id": b"x-upstream-request-id",
    b"request-id": b"x-upstream-request-id",
    b"openai-processing-ms": b"openai-processing-ms",
    b"retry-after": b"retry-after",
}
PASSED_FAMILIES = (b"x-ratelimit-", b"anthropic-ratelimit-")
LONGEST_VALUE = 4096
MOST_NAMES = 1024  # providers choose them

# A cache or a proxy in between must not hold a stream back (`x-accel-buffering` is nginx's word for it).
FOR_STREAMS: tuple[Pair, ...] = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


class _Names(dict[bytes, bytes]):
    """A provider's header name -> the name under which it goes on, b"" when it stays behind."""

    def __missing__(self, name: bytes) -> bytes:
        to = PASSED.get(name) or (name if name.startswith(PASSED_FAMILIES) else b"")
        if len(self) < MOST_NAMES:
            self[name] = to
        return to


_names = _Names()
_sane = re.compile(rb"[\x20-\x7e\t]*").fullmatch


@dataclass(frozen=True)
class Convert(Stage):
    """Answer with the provider's reply in the format that the route `speaks`. The same format passes untouched, whole or
    streamed; of the provider's headers only known, harmless ones do.

    Between two formats everything that both can say is carried over. What the provider's format cannot say is a row of the
    table of losses (docs/formats.md): the request goes on without it, or with the nearest that there is, and the answer's
    `x-gateway-warnings` and the log name it. What would change the meaning (audio for a provider that takes none, an id that
    only another provider knows) is always refused."""

    example = "convert: {on_loss: warn}"
    reads = frozenset({"chat", "reply"})
    writes = frozenset({"answer"})

    on_loss: Literal["refuse", "warn", "drop"] = option(
        "When the provider's format cannot say something: refuse the request (400), go on and say so, or go on.",
        default="warn",
    )

    normalise: Literal["off", "openai"] = option(
        "`openai`: lay every reply out as OpenAI's own API does, whoever gave it: ids, fingerprint, usage and the other fields "
        "that are missing are filled in, arguments of several calls in one are parted, errors get a type. Each event of a "
        "stream goes on in the turn in which it came.",
        default="off",
    )
    show_model: Literal["served", "asked"] = option(
        "The model that the reply names: the provider's, or the one that the client asked for.", default="served"
    )
    nameless: str = option("With `show_model: asked`, the name for clients that gave none; empty: the provider's.", default="")
    fresh_call_ids: list[str] = option(
        "With `normalise`, providers whose ids of tool calls are replaced by fresh ones.", default=[], names="provider"
    )

    def formats(self) -> frozenset[str]:
        tidied = self.normalise != "off" or self.show_model != "served"
        return frozenset({"openai_chat"}) if tidied else frozenset()

    def bind(self, binding: Binding) -> Deed:
        plain = self._plain(binding)
        if not self.formats():
            return plain
        model = (lambda exchange: exchange.chat.model or self.nameless) if self.show_model == "asked" else (lambda _: "")
        tidy = Tidying(model, self.normalise != "off", frozenset(self.fresh_call_ids), binding.services)

        def convert_and_tidy(exchange: Exchange) -> None:
            plain(exchange)
            tidy(exchange)

        return convert_and_tidy

    def _plain(self, binding: Binding) -> Deed:
        spoken = FORMATS[binding.route.speaks]
        errors = errors_of(binding.program, binding.route, spoken)
        meter = binding.services.meter

        def convert(exchange: Exchange) -> None:
            reply = exchange.reply
            headers, dropped = passed_headers(reply.headers)
            if dropped:
                meter.count("upstream_headers_dropped", dropped)
            if isinstance(reply, Whole):
                heard = reply.heard
                if heard is not None:
                    exchange.usage = heard.usage
                    exchange.notes["model_served"] = heard.served
                if reply.conversion is not None:
                    headers[0] = (b"content-type", reply.conversion.media_type)
                    _warn(exchange, headers, reply.conversion)
                exchange.answer = Response(reply.status, headers, reply.body)
            elif isinstance(reply, ForeignStream):
                headers[0] = (b"content-type", reply.conversion.media_type)
                headers += FOR_STREAMS
                _warn(exchange, headers, reply.conversion)
                pipe = Converted(reply.conversion.stream(exchange.id), exchange)
                exchange.answer = Response(reply.status, headers, b"", Streamed(reply, pipe))
            else:
                headers += FOR_STREAMS
                exchange.answer = Response(reply.status, headers, b"", Streamed(reply, Untouched(spoken, exchange, errors)))

        return convert


def on_loss_of(route: Route) -> OnLoss:
    """What the route's own `convert` says."""
    return next((use.part.on_loss for use in route.stages if isinstance(use.part, Convert)), "warn")


def _warn(exchange: Exchange, headers: list[Pair], conversion: Conversion) -> None:
    told = conversion.told()
    if told:
        headers.append((b"x-gateway-warnings", told.encode("ascii", "replace")[:LONGEST_VALUE]))
        exchange.notes["losses"] = told


def passed_headers(headers: Headers) -> tuple[list[Pair], int]:
    """(the headers that go on to the client, how many were dropped for a value that should not travel)."""
    media_type = headers.get(b"content-type")
    out: list[Pair] = [(b"content-type", b"application/json" if media_type is None else media_type)]  # it was read as that
    values = b"" if media_type is None else media_type
    for name, value in headers.pairs:
        to = _names[name]
        if to:
            out.append((to, value))
            values += value
    # All in one look: short together means that each is short.
    return (out, 0) if len(values) <= LONGEST_VALUE and _sane(values) else _without_harm(out)


def _without_harm(pairs: list[Pair]) -> tuple[list[Pair], int]:
    (name, media_type), *others = pairs
    kept = [(name, media_type if _is_harmless(media_type) else b"application/json")]
    kept += [pair for pair in others if _is_harmless(pair[1])]
    return kept, len(others) + 1 - len(kept) + (kept[0][1] != media_type)


def _is_harmless(value: bytes) -> bool:
    return len(value) <= LONGEST_VALUE and _sane(value) is not None
