"""What stages are given of the world: transports that outlive a reload, clocks, dice."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.ports import Services
from engine.providers.echo import respond
from engine.upstream.echo import EchoTransport
from engine.upstream.fetch import Fetcher
from engine.upstream.httpx_transport import HttpxTransport
from engine.upstream.pool import PoolTransport
from engine.upstream.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.ports import Meter, Transport
    from engine.program import Provider


class _Held:
    """A transport, and how many programs may still use it."""

    __slots__ = ("holders", "transport")

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.holders = 1


class Wiring:
    """The transports of one program, made when they are first asked for. What the program before it had open to a provider
    that is still the same is taken over; `release` returns those that nobody holds any more, to be closed."""

    def __init__(self, providers: Mapping[str, Provider], make: Callable[[Provider], Transport], before: Wiring | None) -> None:
        self._providers = providers
        self._make = make
        self._held: dict[str, _Held] = {}
        for name, held in before._held.items() if before else ():
            if providers.get(name) == before._providers[name]:  # type: ignore[union-attr]
                held.holders += 1
                self._held[name] = held

    def transport(self, name: str) -> Transport:
        """By provider name."""
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _Held(self._make(self._providers[name]))
        return held.transport

    def release(self) -> list[Transport]:
        """This program's last request is over. May be called twice."""
        held, self._held = self._held, {}
        for one in held.values():
            one.holders -= 1
        return [one.transport for one in held.values() if not one.holders]


def transport_maker(meter: Meter) -> Callable[[Provider], Transport]:
    """Makes the transport that a provider's row asks for; names are looked up once for all of them."""
    resolver = Resolver()

    def make(provider: Provider) -> Transport:
        if provider.kind == "echo":
            return EchoTransport(partial(respond, options=provider.options))
        if provider.transport == "httpx":
            return HttpxTransport(provider, resolver)
        return PoolTransport(provider, resolver, count=meter.count)

    return make


def services_for(
    wiring: Wiring, meter: Meter, write_log: Callable[[dict[str, Any]], None], status: Callable[[], Mapping[str, Any]]
) -> Services:
    """The real ones. The dice are this process's own: forked workers must not throw alike."""
    return Services(
        now=time.monotonic,
        wall=time.time,
        dice=random.Random().random,  # noqa: S311  spreads load and delays; no secret
        sleep=asyncio.sleep,
        transport=wiring.transport,
        meter=meter,
        write_log=write_log,
        status=status,
        get=Fetcher().get,
    )
