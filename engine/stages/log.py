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
    chat = getattr(exchange, "chat", None)  # unset until `decode` has run
    last = exchange.tries[-1] if exchange.tries else None
    if target is None and last is not None:
        target = last.target
    error = error_of(exchange)
    asked = clipped(chat.model, LONGEST_MODEL) if chat else None
    row = {
        "timestamp": _timestamp(wall),
        "level": level_of(exchange.status, exchange.fault),
        "message": "request",
        "request_id": exchange.id,
        "method": request.method,
        "path": request.path if len(request.path) <= LONGEST_PATH else clipped(request.path, LONGEST_PATH),
        "route": exchange.route.name,
        "status_code": exchange.status,
        "duration_ms": _ms(ended - began),
        "upstream_ms": _ms(exchange.upstream_seconds) if last else None,
        "first_byte_ms": _ms(exchange.first_byte - began) if exchange.first_byte else None,
        "format": exchange.route.speaks or None,
        "model": asked,
        "model_served": _served(exchange, target),
        "provider": target.provider if target else None,
        "streaming": answer is not None and answer.stream is not None,
        "tokens": _tokens(exchange.usage),
        "bytes_in": len(request.body or b""),
        "bytes_out": exchange.bytes_out,
        "attempts": len(exchange.tries),
        "error_type": error,
        "error_detail": exchange.fault.inside or None if exchange.fault else None,
        "caller": exchange.caller.name if exchange.caller else None,
    }
    return {**exchange.notes, **row} if exchange.notes else row


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
        return clipped(named, LONGEST_MODEL)
    return None if target is None else clipped(target.model or exchange.chat.model, LONGEST_MODEL)


@lru_cache(maxsize=4)
def _second(wall: int) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _timestamp(wall: float) -> str:
    """RFC 3339 in UTC, with milliseconds; the date is worked out once a second."""
    second = int(wall)
    return f"{_second(second)}.{int((wall - second) * 1000):03d}Z"


def _ms(seconds: float) -> float:
    # Whole microseconds as milliseconds; round() would work out the decimal digits.
    return int(seconds * 1e6) / 1e3 if seconds > 0 else 0.0


def _tokens(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    return {"input": usage.input, "output": usage.output, "cached": usage.cached, "reasoning": usage.reasoning}
