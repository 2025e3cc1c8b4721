"""From a provider of the table to targets: one per key, with all that never changes of a request made beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import __version__
from engine.providers.catalog import KINDS
from engine.providers.credentials import credential_pairs
from engine.providers.echo import HEADERS, EchoOptions
from engine.targets import Target
from engine.web import CREDENTIALS, HOP_BY_HOP

if TYPE_CHECKING:
    from engine.program import Provider
    from engine.secret import Secret
    from engine.web import Pair

# Names that never travel from a client, whatever a table says: credentials, what concerns one hop, what the transport or
# this house writes itself, and what tells of the way here (reliability.md section 4.8).
NEVER_FORWARDED = (
    CREDENTIALS
    | HOP_BY_HOP
    | {
        b"accept",
        b"accept-encoding",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"expect",
        b"forwarded",
        b"host",
        b"user-agent",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)

_STATIC: tuple[Pair, ...] = (
    (b"user-agent", b"engine/" + __version__.encode()),
    # Bytes pass untouched: a coding that we did not ask for would have to be undone to count tokens.
    (b"accept-encoding", b"identity"),
    (b"content-type", b"application/json"),
)
_STATIC_OF_FORMAT: dict[str, tuple[Pair, ...]] = {"anthropic_messages": ((b"anthropic-version", b"2023-06-01"),)}


def targets_of(provider: Provider, model: str) -> tuple[Target, ...]:
    """One target per key, or one without a key. `model` is the provider's name for it, "" keeps the client's."""
    name = f"{provider.name}:{model}" if model else provider.name
    keys: tuple[Secret | None, ...] = provider.keys or (None,)
    return tuple(_target(provider, model, name if i == 0 else f"{name}#{i + 1}", key) for i, key in enumerate(keys))


def _target(provider: Provider, model: str, name: str, key: Secret | None) -> Target:
    return Target(
        name=name,
        provider=provider.name,
        model=model,
        format=provider.format,
        origin=provider.origin,
        path=provider.path,
        credential=key,
        pairs=_pairs(provider, key),
        also=_also(provider),
        forward=_forward(provider),
        max_tokens=provider.max_tokens,
        max_tokens_word=KINDS[provider.kind].max_tokens_word,
        sealed=provider.sealed,
    )


def _pairs(provider: Provider, key: Secret | None) -> tuple[Pair, ...]:
    """Later words win: the table's headers over the format's and ours, the credential over all."""
    pairs = dict(_STATIC)
    pairs.update(_STATIC_OF_FORMAT.get(provider.format, ()))
    pairs.update(provider.headers)
    pairs.update(credential_pairs(provider.credential, key))
    return tuple(pairs.items())


def _also(provider: Provider) -> tuple[str, ...]:
    kind = KINDS.get(provider.kind)
    return kind.also if kind and kind.format == provider.format else ()


def _forward(provider: Provider) -> frozenset[bytes]:
    by_headers = isinstance(provider.options, EchoOptions) and provider.options.by_headers
    return frozenset(provider.forward).union(HEADERS if by_headers else ()) - NEVER_FORWARDED
