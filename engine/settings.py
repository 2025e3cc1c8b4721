"""The `server:` section: where the engine listens, and its limits and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.parts import Part, option


@dataclass(frozen=True)
class Limits(Part):
    """What a client may send. All limits count raw bytes, so the answer never depends on how the bytes were cut."""

    head: int = option("Bytes of a request head, request line included; beyond: 431.", default="64KiB", unit="size")
    line: int = option("Bytes of one header line; beyond: 431.", default="16KiB", unit="size")
    target: int = option("Bytes of the request target; beyond: 414.", default="8KiB", unit="size")
    fields: int = option("Header fields in a request; beyond: 431.", default=128, minimum=1, maximum=10000)
    body: int = option("Bytes of a request body; beyond: 413.", default="10MiB", unit="size")
    body_rate: int = option(
        "Bytes a second that a body must bring on average, after `timeouts.body_grace`; below: 408. `0B`: at any speed.",
        default="1KiB",
        unit="size",
    )
    connections: int = option(
        "Open client connections per worker; beyond: the longest idle one is closed, and without one: 503.",
        default=10000,
        minimum=1,
    )
    unfinished_per_address: int = option(
        "Connections of one client address (IPv6: one /64) that have owed a whole request head for a second; beyond: those "
        "that owe it longest are ended. Loopback, or a proxy in front, is an address like any other.",
        default=256,
        minimum=1,
    )
    requests: int = option(
        "Requests under way per worker, bodies that are still arriving aside; beyond: 503 with Retry-After, except for routes "
        "with `health` or `metrics`. As many streams of 80 events a second are about what one core carries.",
        default=2000,
        minimum=1,
    )
    memory: int | None = option(
        "Resident memory of a worker; beyond: another takes its place, and it has `timeouts.shutdown` for what is in flight.",
        default=None,
        unit="size",
        example="1GiB",
    )


@dataclass(frozen=True)
class Timeouts(Part):
    """The clocks of a client connection."""

    head: float = option("From the first byte of a request to the end of its head; then 408.", default="10s", unit="duration")
    body: float = option("From the end of the head to the end of the body; then 408.", default="60s", unit="duration")
    body_grace: float = option("How long a body may arrive below `limits.body_rate`.", default="10s", unit="duration")
    idle: float = option("How long a keep-alive connection may wait for its next request.", default="75s", unit="duration")
    write: float = option("How long a client may take nothing of what is sent to it.", default="60s", unit="duration")
    shutdown: float = option("How long requests in flight may go on after SIGTERM.", default="30s", unit="duration")


@dataclass(frozen=True)
class Tls(Part):
    """Serve HTTPS with this certificate."""

    cert: str = option("Path of the certificate chain (PEM).", example="/etc/engine/tls.crt")
    key: str = option("Path of the private key (PEM).", example="/etc/engine/tls.key")


@dataclass(frozen=True)
class Errors(Part):
    """How errors are written, and what they say. `say`, `status` and `styles` are by a fault's code (docs/errors.md) or by
    whose fault it is: `client`, `gateway`, `upstream`; the code goes before."""

    style: Literal["format", "plain", "taxonomy", "families"] = option(
        "`format`: as the wire format's SDKs understand it. `plain`: the words alone, as text. `taxonomy`: "
        '`{"error":{"type","message"}}`, its type by the status: `validation_error`, `external_error` and so on. '
        '`families`: `{"error":{"message","type","request_id"}}`, with one of the types `unknown_model`, `auth`, `rate_limit`, '
        "`timeout`, `invalid_request`, `server_error` and `network`; within a stream as the format has it.",
        default="format",
    )
    say: dict[str, str] = option(
        "Other words: `{message}` is what would be said, `{detail}` its end that tells of this request, `{code}` the code.",
        default={},
        example={"not_found": "404 page not found"},
    )
    status: dict[str, int] = option("Another status.", default={}, minimum=400, maximum=599, example={"upstream": 502})
    styles: dict[str, Literal["format", "plain", "taxonomy", "families"]] = option(
        "Another style for some.", default={}, example={"unknown_vendor": "taxonomy"}
    )


@dataclass(frozen=True)
class Server(Part):
    """Where the engine listens, and its limits and clocks."""

    listen: str = option(
        "Address and port: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`. Port 0 takes a free one.", default="127.0.0.1:8080"
    )
    workers: int = option("Worker processes that share the listening socket.", default=1, minimum=1, maximum=256)
    limits: Limits = option("What a client may send.", default=Limits())
    timeouts: Timeouts = option("The clocks of a client connection.", default=Timeouts())
    tls: Tls | None = option("Serve HTTPS.", default=None)
    errors: Errors | None = option("How errors are written, on routes that do not say it themselves.", default=None)
    request_id: Literal["req", "hex", "dated"] = option(
        "The ids of requests that bring none. `req`: `req-` and 20 hex digits. `hex`: 16 hex digits alone. `dated`: `req-`, "
        "the time in Unix seconds, `-` and 12 hex digits.",
        default="req",
    )
