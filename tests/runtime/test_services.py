import asyncio

from engine.observe.metrics import Figures
from engine.program import Provider
from engine.providers.echo import EchoOptions
from engine.runtime.services import Wiring, services_for, transport_maker
from engine.targets import Origin
from engine.upstream.echo import EchoTransport
from engine.upstream.httpx_transport import HttpxTransport
from engine.upstream.pool import PoolTransport


def provider(name: str, host: str = "api.example.com", **more: object) -> Provider:
    return Provider(name, "openai", "openai_chat", Origin("https", host, 443), "/v1", "bearer", **more)  # type: ignore[arg-type]


class Fake:
    def __init__(self, provider: Provider) -> None:
        self.provider = provider


def wiring(before: Wiring | None = None, **hosts: str) -> Wiring:
    return Wiring({name: provider(name, host) for name, host in hosts.items()}, Fake, before)  # type: ignore[arg-type]


def test_a_transport_is_made_when_it_is_first_asked_for() -> None:
    one = wiring(a="a.example", b="b.example")
    assert one.transport("a") is one.transport("a")
    assert [fake.provider.name for fake in one.release()] == ["a"]  # type: ignore[attr-defined]


def test_a_provider_that_is_the_same_keeps_its_connections_over_a_reload() -> None:
    old = wiring(same="a.example", moved="b.example", gone="c.example")
    before = {name: old.transport(name) for name in ("same", "moved", "gone")}
    new = wiring(old, same="a.example", moved="elsewhere.example")
    assert new.transport("same") is before["same"]
    assert new.transport("moved") is not before["moved"]
    assert set(old.release()) == {before["moved"], before["gone"]}


def test_a_transport_is_closed_only_after_its_last_program() -> None:
    """Three tables: the first's last request ends after the third came."""
    first = wiring(a="a.example")
    transport = first.transport("a")
    second = wiring(first, a="a.example")
    third = wiring(second, b="b.example")
    assert second.release() == []
    assert first.release() == [transport]
    assert first.release() == []
    assert third.release() == []


def test_each_row_gets_the_transport_it_asks_for() -> None:
    make = transport_maker(Figures())
    assert isinstance(make(provider("a")), PoolTransport)
    assert isinstance(make(provider("b", transport="httpx")), HttpxTransport)
    echo = Provider("e", "echo", "openai_chat", Origin("echo", "", 0), "", "", options=EchoOptions())
    assert isinstance(make(echo), EchoTransport)


def test_two_processes_do_not_throw_alike() -> None:
    one = services_for(wiring(), Figures(), print, dict)
    other = services_for(wiring(), Figures(), print, dict)
    assert [one.dice() for _ in range(4)] != [other.dice() for _ in range(4)]
    assert 0.0 <= one.dice() < 1.0
    assert one.sleep is asyncio.sleep
