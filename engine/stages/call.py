"""Hot: guarded by bench/micro/call.py. The plan carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.formats import FORMATS
from engine.limits.cooling import Cooling
from engine.limits.retry import RetryBudget, RetryPolicy
from engine.parts import Stage, option
from engine.stages.convert import on_loss_of
from engine.stages.errand import Errand, Terms, Transports
from engine.stages.fetching import fetches_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding


@dataclass(frozen=True)
class Call(Stage):
    """Carry the plan out: send the request, judge the answer, and try again where that can help and nothing of an answer
    has been handed on.

    Another attempt is made after a failure of the network or of the server (with full jitter), and at once with the next
    key when a key is refused or has reached its limit. `Retry-After` is waited for, unless it is longer than
    `backoff_cap`. For that time (a minute at most, and a minute after a refused key) other keys and members are asked first,
    by later requests too. Retries never exceed a fifth of the other requests under way (3 are always
    allowed, until 30 in a row were in vain)."""

    example = "call: {timeout: 5m, retries: 2}"
    reads = frozenset({"chat", "plan"})
    writes = frozenset({"reply"})

    timeout: float = option(
        "For the whole call, retries and the last byte of a stream included.", default="10m", unit="duration"
    )
    stream_timeout: float | None = option(
        "For the whole of a stream, when that is another time; it must still begin within `timeout`.",
        default=None,
        unit="duration",
        example="1h",
    )
    connect: float = option("To connect to a provider, TLS included.", default="5s", unit="duration")
    first_byte: float = option("From the request to the head of its answer.", default="3m", unit="duration")
    idle: float = option("How long a provider may send nothing within an answer.", default="60s", unit="duration")
    retries: int = option(
        "Attempts beyond one for each member that is asked, all members together.", default=2, minimum=0, maximum=10
    )
    backoff: float = option("The longest first wait before a retry; it doubles each time.", default="500ms", unit="duration")
    backoff_cap: float = option("The longest wait before any retry.", default="8s", unit="duration")
    pass_errors: bool = option(
        "Pass a provider's own error on as it is, with its status, also when it concerns the gateway's key or limits (the key "
        "itself is masked). Only where client and provider speak the same format, and after the last attempt.",
        default=False,
    )
    own_errors: bool = option(
        "Write a provider's refusal (most 4xx) like the route's other errors, with the provider's words and status, also "
        "where it could pass as it came.",
        default=False,
    )
    limit: int = option("Bytes of an answer that is not streamed.", default="64MiB", unit="size")
    stream_limit: int = option("Bytes of an answer that is streamed.", default="1GiB", unit="size")

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        for name in ("timeout", "stream_timeout", "connect", "first_byte", "idle"):
            if getattr(self, name) == 0:
                yield name, "no call can be done in no time; say how long it may take"
        if self.own_errors and self.pass_errors:
            yield "own_errors", "an error is written anew or passed on, not both"

    def bind(self, binding: Binding) -> Deed:
        budget: RetryBudget = binding.shared.setdefault("retries", RetryBudget())
        terms = Terms(
            services=binding.services,
            transports=Transports(binding.services.transport),
            format=FORMATS[binding.route.speaks],
            policy=RetryPolicy(self.retries + 1, self.backoff, self.backoff_cap),
            budget=budget,
            cooling=binding.shared.setdefault("cooling", Cooling(binding.services.now)),
            timeout=self.timeout,
            connect=self.connect,
            first_byte=self.first_byte,
            idle=self.idle,
            limit=self.limit,
            on_loss=on_loss_of(binding.route),
            pass_errors=self.pass_errors,
            own_errors=self.own_errors,
            stream_timeout=self.stream_timeout or 0.0,
            fetches=fetches_of(binding),
            most=max(self.limit, self.stream_limit),
        )

        def call(exchange: Exchange) -> Awaitable[None]:
            return Errand(terms, exchange).carry(exchange.plan)

        return call
