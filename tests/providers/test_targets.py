from __future__ import annotations

from typing import Any

import pytest

from engine import __version__
from engine.program import Provider
from engine.providers.echo import HEADERS, EchoOptions
from engine.providers.targets import NEVER_FORWARDED, targets_of
from engine.secret import Secret
from engine.targets import Origin
from engine.web import CREDENTIALS, HOP_BY_HOP


def provider(**fields: Any) -> Provider:
    given = {"name": "p", "kind": "openai", "format": "openai_chat", "credential": "bearer", "path": "/v1", **fields}
    return Provider(origin=Origin("https", "api.test", 443), **given)


def test_one_target_per_key() -> None:
    first, second = targets_of(provider(keys=(Secret("key-1"), Secret("key-2"))), "m")
    assert (first.name, second.name) == ("p:m", "p:m#2")
    assert (first.provider, first.model, first.format, first.path) == ("p", "m", "openai_chat", "/v1")
    assert dict(first.pairs)[b"authorization"] == b"Bearer key-1"
    assert dict(second.pairs)[b"authorization"] == b"Bearer key-2"
    assert "key-1" not in repr(first)


def test_without_a_key_there_is_one_target_without_credential() -> None:
    (target,) = targets_of(provider(), "")
    assert (target.name, target.credential) == ("p", None)
    assert target.pairs == (
        (b"user-agent", b"engine/" + __version__.encode()),
        (b"accept-encoding", b"identity"),
        (b"content-type", b"application/json"),
    )


def test_anthropic_gets_its_version_however_the_key_is_sent() -> None:
    (target,) = targets_of(provider(kind="anthropic", format="anthropic_messages", keys=(Secret("k"),)), "m")
    assert dict(target.pairs)[b"anthropic-version"] == b"2023-06-01"


def test_the_tables_headers_win_over_ours_but_not_over_the_credential() -> None:
    headers = ((b"user-agent", b"mine"), (b"x-team", b"a"), (b"authorization", b"Bearer stolen"))
    (target,) = targets_of(provider(keys=(Secret("k"),), headers=headers), "m")
    pairs = dict(target.pairs)
    assert len(pairs) == len(target.pairs)
    assert (pairs[b"user-agent"], pairs[b"x-team"], pairs[b"authorization"]) == (b"mine", b"a", b"Bearer k")


@pytest.mark.parametrize("name", sorted(CREDENTIALS | HOP_BY_HOP | {b"host", b"content-length", b"expect", b"x-forwarded-for"}))
def test_what_never_travels_never_travels(name: bytes) -> None:
    """reliability.md 4.8, whatever the table says."""
    assert name in NEVER_FORWARDED
    (target,) = targets_of(provider(forward=(name, b"x-trace")), "m")
    assert target.forward == {b"x-trace"}


def test_echos_own_headers_travel_only_where_the_table_allows_it() -> None:
    (closed,) = targets_of(provider(kind="echo", options=EchoOptions()), "")
    (opened,) = targets_of(provider(kind="echo", options=EchoOptions(by_headers=True)), "")
    assert (closed.forward, opened.forward) == (frozenset(), HEADERS)


def test_what_a_provider_speaks_besides() -> None:
    assert targets_of(provider(), "m")[0].also == ("openai_responses",)
    assert targets_of(provider(format="anthropic_messages"), "m")[0].also == ()
    assert targets_of(provider(kind="groq"), "m")[0].also == ()
