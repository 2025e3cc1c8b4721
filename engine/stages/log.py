"""Hot: guarded by bench/micro/log.py. One line per request, when the last byte is out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from engine.faults import Blame, clipped
from engine.parts import Stage, option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.exchange import Exchange
    from engine.faults import Fault
    from engine.parts import Deed
    from engine.ports import Binding

LONGEST_PATH = 1024
LONGEST_MODEL = 256
MOST_MODELS = 1024
LEVELS = {"debug": 0, "info": 1, "warn": 2, "warning": 2, "error": 3}

_field = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Log(Stage):
    """Write one JSON line on stdout per request, when it has ended, however it ended. It holds no bodies, no headers, no
    query and no keys. `level` is `warning` for answers of 4xx, `error` for 5xx and for streams that broke."""

    example = "log"
    after = True

    level: str = option("Write only rows of this level and above: `debug`, `info`, `warning` or `error`.", default="info")
    message: str = option(
        "The row's `message`, with its own fields as `{provider}`, and how it ended as `{outcome}` (`completed successfully` "
        "or `failed`); of a row that lacks one of them it stays `request`.",
        default="request",
        example="{method} {path}: {status_code}",
    )

    format: Literal["name", "vendor"] = option(
        "What `format` says of `speaks: openai_chat`: the same, or whose it is (`openai`).", default="name"
    )

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        if self.level.lower() not in LEVELS:
            yield "level", "it is one of `debug`, `info`, `warning`, `error`"

    def bind(self, binding: Binding) -> Deed:
        services = binding.services
        least = LEVELS.get(self.level.lower(), 1)

        def log(exchange: Exchange) -> None:
            services.write_log(row_of(exchange, services.wall(), exchange.ended or services.now()))

        def log_some(exchange: Exchange) -> None:
            row = row_of(exchange, services.wall(), exchange.ended or services.now())
            if LEVELS[row["level"]] >= least:
                row["message"] = _filled(self.message, row)
                if self.format == "vendor" and row["format"]:
                    row["format"] = row["format"].partition("_")[0]
                services.write_log(row)

        usual = least <= LEVELS["info"] and self.message == "request" and self.format == "name"
        return log if usual else log_some


def _filled(message: str, row: dict[str, Any]) -> str:
    outcome = "completed successfully" if row["error_type"] is None and row["status_code"] < 400 else "failed"
    told = {**row, "outcome": outcome}
    if any(told.get(name) is None for name in _field.findall(message)):
        return "request"
    return _field.sub(lambda field: str(told[field[1]]), message)


# A row of which nothing is known: to copy it and to fill in what is known costs half of writing it out each time.
_BLANK: dict[str, Any] = dict.fromkeys(
    (
        *(
            "timestamp",
            "level",
            "message",
            "request_id",
            "method",
            "path",
            "route",
            "status_code",
            "duration_ms",
            "upstream_ms",
        ),
        *("first_byte_ms", "format", "model", "model_served", "provider", "streaming", "tokens", "bytes_in", "bytes_out"),
        *("attempts", "error_type", "error_detail", "caller"),
    )
)
_BLANK.update(level="info", message="request", bytes_in=0)


def row_of(exchange: Exchange, wall: float, ended: float) -> dict[str, Any]:
    """What the log tells of an exchange. `wall` is Unix seconds, `ended` monotonic ones; what is not known is None."""
    request, route, answer, began = exchange.request, exchange.route, exchange.answer, exchange.began
    path, body = request.path, request.body
    row = _BLANK.copy()
    row["timestamp"] = _timestamp(int(wall * 1000))
    row["request_id"] = exchange.id
    row["method"] = request.method
    row["path"] = path if len(path) <= LONGEST_PATH else clipped(path, LONGEST_PATH)
    row["route"] = route.name
    row["status_code"] = exchange.status
    row["duration_ms"] = _ms(ended - began)
    if exchange.first_byte:
        row["first_byte_ms"] = _ms(exchange.first_byte - began)
    row["format"] = route.speaks or None
    row["streaming"] = answer is not None and answer.stream is not None
    if body:
        row["bytes_in"] = len(body)
    row["bytes_out"] = exchange.bytes_out
    if exchange.caller is not None:
        row["caller"] = exchange.caller.name
    _tell_of_call(exchange, row)
    if exchange.fault is not None or exchange.status >= 400:
        _tell_of_trouble(exchange, row)
    if exchange.notes:
        for name, fact in exchange.notes.items():
            row.setdefault(name, fact)
    return row


def _tell_of_call(exchange: Exchange, row: dict[str, Any]) -> None:
    """Of the provider, as far as it came to that."""
    tries, target, usage = exchange.tries, exchange.target, exchange.usage
    chat = getattr(exchange, "chat", None)  # unset until `decode` has run
    if chat is not None:
        row["model"] = _printable[chat.model]
    row["attempts"] = len(tries)
    if tries:
        row["upstream_ms"] = _ms(exchange.upstream_seconds)
        target = target or tries[-1].target
    served = exchange.notes.get("model_served") or None
    if target is not None:
        row["provider"] = target.provider
        # The model that the answer names; when it names none, the one that was asked for.
        served = served or target.model or (chat.model if chat is not None else None)
    if served is not None:
        row["model_served"] = _printable[served]
    if usage is not None:
        row["tokens"] = {"input": usage.input, "output": usage.output, "cached": usage.cached, "reasoning": usage.reasoning}


def _tell_of_trouble(exchange: Exchange, row: dict[str, Any]) -> None:
    fault = exchange.fault
    row["level"] = level_of(exchange.status, fault)
    row["error_type"] = error_of(exchange)
    row["error_detail"] = fault.inside or None if fault else None


def level_of(status: int, fault: Fault | None) -> str:
    """A stream that broke after its 200 had gone out is an error too; that a client leaves is ordinary."""
    if status >= 500:
        return "error"
    if fault is None or status >= 400:
        return "warning" if status >= 400 else "info"
    return "warning" if fault.row.blame is Blame.CLIENT else "error"


def error_of(exchange: Exchange) -> str | None:
    """The fault's code; for a provider's own 4xx, which is passed on as an answer, the attempt's."""
    if exchange.fault is not None:
        return exchange.fault.code
    refused = exchange.status >= 400 and exchange.tries
    return exchange.tries[-1].code or None if refused else None


class _Printable(dict[str, str]):
    """A model's name -> the same, cut and cleaned. Clients and providers choose names: what is remembered is bounded."""

    def __missing__(self, model: str) -> str:
        if len(model) > LONGEST_MODEL:
            return clipped(model, LONGEST_MODEL)
        if len(self) >= MOST_MODELS:
            self.clear()
        shown = self[model] = model if model.isprintable() else clipped(model, LONGEST_MODEL)
        return shown


_printable = _Printable()


@lru_cache(maxsize=4)
def _second(wall: int) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4)
def _timestamp(milliseconds: int) -> str:
    """RFC 3339 in UTC; the date is worked out once a second, and under load many requests end in one millisecond."""
    second, rest = divmod(milliseconds, 1000)
    return f"{_second(second)}.{rest:03d}Z"


def _ms(seconds: float) -> float:
    # Whole microseconds as milliseconds; round() would work out the decimal digits.
    return seconds * 1e6 // 1 / 1e3 if seconds > 0 else 0.0
