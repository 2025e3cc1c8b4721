"""What travels: one client call on its way through a route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import Asked, Usage
    from engine.faults import Fault
    from engine.ports import Reply
    from engine.program import Route
    from engine.targets import Plan, Target
    from engine.web import Pair, Request, Response


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `name` is safe to log: a configured name or a key's fingerprint, never the key."""

    name: str
    kind: str = "key"


@dataclass(slots=True)
class Try:
    """One upstream attempt, as it ended: a fault code, or "" for success. Times are monotonic seconds."""

    target: Target
    began: float
    ended: float
    code: str
    status: int = 0


class Exchange:
    """One client call. A stage reads what earlier stages wrote and writes its own field.

    The fields that stages write (`caller`, `chat`, `plan`, `reply`, `answer`) are declared in each stage's `reads` and
    `writes`, and the compiler proves that none is read before it is written. Times are monotonic seconds.
    """

    __slots__ = (
        "answer",  # Response: set by the stage that answers
        "began",  # when the head of the request was complete
        "bytes_out",  # body bytes handed to the client
        "caller",  # Caller: auth
        "captures",  # the {name} parts of the route's pattern, percent-decoded
        "chat",  # Asked: decode
        "considered",  # list of Considered when somebody wants an explanation, else None
        "ended",  # when the last byte was handed to the client, or the exchange was given up
        "extra",  # response headers that stages add to whatever is answered
        "fault",  # Fault that ended it, or None
        "first_byte",  # when the first byte of the answer was handed to the client
        "id",  # request id: one in the header, the log and the error
        "notes",  # small facts for the log, by field name
        "plan",  # Plan: select
        "reply",  # Reply: call
        "request",
        "route",
        "status",  # status sent, 499 when the client left before one
        "target",  # Target that answered: call
        "tries",  # list[Try]
        "upstream_seconds",  # time spent waiting for providers
        "usage",  # Usage, once known
    )

    answer: Response | None
    caller: Caller | None
    captures: Mapping[str, str]
    chat: Asked
    considered: list[Any] | None
    fault: Fault | None
    plan: Plan
    reply: Reply
    request: Request
    route: Route
    target: Target | None
    tries: list[Try]
    usage: Usage | None

    def __init__(self, request: Request, route: Route, captures: Mapping[str, str], id: str, began: float) -> None:
        self.request = request
        self.route = route
        self.captures = captures
        self.id = id
        self.began = began
        self.answer = None
        self.caller = None
        self.considered = None
        self.fault = None
        self.target = None
        self.usage = None
        self.tries = []
        self.extra: list[Pair] = []
        self.notes: dict[str, Any] = {}
        self.status = 0
        self.bytes_out = 0
        self.first_byte = 0.0
        self.ended = 0.0
        self.upstream_seconds = 0.0
