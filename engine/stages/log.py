"""One line per request, when the last byte is out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.faults import Blame, clipped
from engine.parts import Stage

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.exchange import Exchange
    from engine.faults import Fault
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.targets import Target

LONGEST_PATH = 1024
LONGEST_MODEL = 256


@dataclass(frozen=True)
class Log(Stage):
    """Write one JSON line on stdout per request, when it has ended, however it ended. It holds no bodies, no headers, no
    query and no keys. `level` is `warning` for answers of 4xx, `error` for 5xx and for streams that broke."""

    example = "log"
    after = True

    def bind(self, binding: Binding) -> Deed:
        services = binding.services

        def log(exchange: Exchange) -> None:
            services.write_log(row_of(exchange, services.wall(), exchange.ended or services.now()))

        return log


def row_of(exchange: Exchange, wall: float, ended: float) -> dict[str, Any]:
    """What the log tells of an exchange. `wall` is Unix seconds, `ended` monotonic ones; what is not known is None."""
    request, answer, target, began = exchange.request, exchange.answer, exchange.target, exchange.began
    tries, fault, status, body = exchange.tries, exchange.fault, exchange.status, request.body
    chat = getattr(exchange, "chat", None)  # unset until `decode` has run
    if target is None and tries:
        target = tries[-1].target
    usage = exchange.usage
    good = fault is None and status < 400
    row = {
        "timestamp": _timestamp(int(wall * 1000)),
        "level": "info" if good else level_of(status, fault),
        "message": "request",
        "request_id": exchange.id,
        "method": request.method,
        "path": request.path if len(request.path) <= LONGEST_PATH else clipped(request.path, LONGEST_PATH),
        "route": exchange.route.name,
        "status_code": status,
        "duration_ms": _ms(ended - began),
        "upstream_ms": _ms(exchange.upstream_seconds) if tries else None,
        "first_byte_ms": _ms(exchange.first_byte - began) if exchange.first_byte else None,
        "format": exchange.route.speaks or None,
        "model": _printable(chat.model) if chat else None,
        "model_served": _served(exchange, target),
        "provider": target.provider if target else None,
        "streaming": answer is not None and answer.stream is not None,
        "tokens": _tokens(usage) if usage else None,
        "bytes_in": len(body) if body else 0,
        "bytes_out": exchange.bytes_out,
        "attempts": len(tries),
        "error_type": None if good else error_of(exchange),
        "error_detail": fault.inside or None if fault else None,
        "caller": exchange.caller.name if exchange.caller else None,
    }
    for name, fact in exchange.notes.items():
        row.setdefault(name, fact)
    return row


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


def _served(exchange: Exchange, target: Target | None) -> str | None:
    """The model that the answer names; when it names none, the one that was asked for."""
    named = exchange.notes.get("model_served")
    if named:
        return _printable(named)
    return None if target is None else _printable(target.model or exchange.chat.model)


def _printable(model: str) -> str:
    return model if len(model) <= LONGEST_MODEL and model.isprintable() else clipped(model, LONGEST_MODEL)


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


def _tokens(usage: Usage) -> dict[str, int]:
    return {"input": usage.input, "output": usage.output, "cached": usage.cached, "reasoning": usage.reasoning}
