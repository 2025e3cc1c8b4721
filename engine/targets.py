"""Where a request can go, and a plan of going there."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.faults import Fault
    from engine.secret import Secret
    from engine.web import Pair


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go (RFC 6454): pooled connections are shared per origin."""

    scheme: str
    host: str
    port: int
    allow_private: bool = False

    @property
    def authority(self) -> str:
        """The Host value: the port is left out when it is the scheme's own (RFC 9110 section 4.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Target:
    """One provider, one credential, one model. `model` is the provider's name for it; "" keeps the client's name.

    `credential` is the secret; `pairs` are the request headers that never change for this target (credential included),
    and `path` is the base URL's path, no slash at the end.
    """

    name: str  # provider:model, or provider:model#2 for its second key
    provider: str
    model: str
    format: str
    origin: Origin
    path: str
    credential: Secret | None = field(default=None, repr=False)
    pairs: tuple[Pair, ...] = field(default=(), repr=False)
    weight: int = 1
    also: tuple[str, ...] = ()  # formats that the provider speaks besides `format`
    forward: frozenset[bytes] = frozenset()  # client header names that travel to it
    max_tokens: int = 4096  # sent where the format requires a limit and the client gave none
    max_tokens_word: str = "max_completion_tokens"  # the host's field for it, in OpenAI's chat format
    sealed: frozenset[bytes] = frozenset()  # names in `pairs` whose values are not shown


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask one model at one provider. `targets` are the credentials that may serve it, in the order to be tried; how often
    and how fast is the business of whoever carries the plan out."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Race:
    """Ask all at once; the first success wins and the others are dropped. `timeout` in seconds, None for no limit."""

    asks: tuple[Ask, ...]
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an Ask or a Race ended: `fault` is None on success. After a lost race, `each` has every ask's own fault, in order."""

    fault: Fault | None = None
    each: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        return self.fault is None


# A plan is pure: no clock, no socket. It ends with the first success, or when it has nothing more to try.
Plan = Generator[Ask | Race, Outcome, None]


@dataclass(frozen=True, slots=True)
class Considered:
    """For explanations: a candidate, whether it was chosen, and why."""

    name: str
    chosen: bool
    why: str
