"""Where a request goes is the table's to say, and never to an address that is not the public internet's (Appendix D).

The addresses are tests/test_addresses.py's, the spellings tests/upstream/test_dial.py's; here both transports and the real
command are held to them, by a sink that nobody may reach and by a `connect` that writes down whoever tries.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.addresses import is_public
from engine.faults import Fault
from engine.routes.base_url import is_private
from engine.upstream.dial import dial
from engine.upstream.fetch import Fetcher
from engine.upstream.httpx_transport import HttpxTransport
from engine.upstream.resolve import Resolver
from tests.conftest import Measure
from tests.test_addresses import ALLOWED, REFUSED
from tests.tools.calling import origin, outgoing, patience, provider, run
from tests.tools.deployed import CHAT, Deployed, chat, deployed
from tests.tools.fake_upstream import whole
from tests.tools.running import running
from tests.tools.scripted import JSON, Scripted
from tests.upstream.test_dial import SPELLINGS, URL_TRICKS, sink

KEY = "sk-canary-0123456789"


class Connects:
    """Every address that a connection was tried to; none is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried: list[str] = []
        monkeypatch.setattr(socket.socket, "connect", self._connect)
        monkeypatch.setattr(socket.socket, "connect_ex", self._connect)

    def _connect(self, *args: Any) -> int:
        self.tried.append(args[-1][0])
        raise ConnectionRefusedError(111, "refused by the test")


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> Connects:
    return Connects(monkeypatch)


async def over_ours(host: str, resolver: Resolver, scheme: str = "http") -> None:
    await dial(origin(443, scheme, host, allow_private=False), asyncio.Protocol, resolver, 2)


async def over_httpx(host: str, resolver: Resolver, scheme: str = "http") -> None:
    to = origin(443, scheme, host, allow_private=False)
    transport = HttpxTransport(provider(to), resolver)
    try:
        await transport.send(outgoing(to), patience())
    finally:
        await transport.close()


async def over_fetch(host: str, resolver: Resolver, scheme: str = "http") -> None:
    await Fetcher(resolver).get(origin(443, scheme, host, allow_private=False), "/", patience())


WAYS = {"our own": over_ours, "httpx": over_httpx, "fetch": over_fetch}


def refusal(way: Any, host: str, resolver: Resolver, scheme: str = "http") -> Fault:
    async def main() -> Fault:
        with pytest.raises(Fault) as caught:
            await way(host, resolver, scheme)
        return caught.value

    fault: Fault = run(main, on_uvloop=False)  # the stock loop connects by socket.connect
    return fault


@pytest.mark.parametrize("way", WAYS)
def test_no_refused_address_is_ever_connected_to(way: str, connects: Connects, measured: Measure) -> None:
    """Appendix D as literal addresses and as the answer of a name server, alone and among public ones."""
    tries = 0
    for address in REFUSED:
        answers: list[Sequence[str]] = [[address], ["8.8.8.8", address], [address, "2606:4700::1111"]]
        for answer in answers:
            fault = refusal(WAYS[way], "api.example.com", Resolver(lambda host, answer=answer: answer))
            assert fault.code == "upstream_blocked", address
            assert address not in fault.message + fault.inside, "what a name resolved to is not told"
        if "%" not in address:
            assert refusal(WAYS[way], address, Resolver(lambda host: [])).code == "upstream_blocked"
        tries += 4
    assert not connects.tried
    measured(f"tries at refused addresses, {way} transport", tries, at_least=240)
    measured(f"connections to refused addresses, {way} transport", len(connects.tried), at_most=0)


@pytest.mark.parametrize("way", WAYS)
def test_no_spelling_of_an_address_and_no_trick_is_connected_to(way: str, connects: Connects) -> None:
    for host in [*SPELLINGS, *URL_TRICKS]:
        fault = refusal(WAYS[way], host, Resolver())
        # A host that cannot be written into a request's head fails before it is resolved.
        assert fault.code in ("upstream_blocked", "upstream_dns", *(["internal"] if not host.isprintable() else [])), host
        assert "127" not in fault.message + fault.inside
    assert not connects.tried


@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_asked_for_once_and_what_was_judged_is_dialled(way: str, connects: Connects) -> None:
    """Rebinding: the name server's second answer, private, is never asked for. The client library resolves nothing itself."""
    asked: list[str] = []

    def look_up(host: str) -> Sequence[str]:
        asked.append(host)
        return ["8.8.8.8", "1.1.1.1"] if len(asked) == 1 else ["127.0.0.1"]

    resolver = Resolver(look_up)
    for _ in range(3):
        assert refusal(WAYS[way], "api.example.com", resolver).code == "upstream_connect"
    assert asked == ["api.example.com"]
    assert connects.tried == ["8.8.8.8", "1.1.1.1"] * 3


def test_the_table_is_judged_as_the_dial_judges() -> None:
    """What can be seen in the table is refused when it is read, so that nobody learns of it by the first request."""
    for address in REFUSED:
        if "%" not in address:
            assert is_private(address), address
    for address in ALLOWED:
        assert not is_private(address), address
        assert is_public(address)


# The real command.

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  over: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, transport: httpx}
  gemini: {kind: gemini, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
models: [{name: "over-*", provider: over}, {name: "up-*", provider: up}]
default: {provider: gemini}
pipelines:
  chat: [{auth: {keys: [], open_on_loopback: true}}, decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
  - {match: "POST /v1/responses", speaks: openai_responses, pipeline: chat}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat}
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(upstream: Scripted) -> Iterator[Deployed]:
    with deployed(TABLE, UP=upstream.base_url, KEY=KEY) as it:
        yield it


@pytest.mark.parametrize("prefix", ["up", "over"])
def test_no_redirect_is_followed(served: Deployed, upstream: Scripted, prefix: str, measured: Measure) -> None:
    """F-16: chains and loops end at their first link; the sink hears nothing."""
    with sink() as (port, reached):
        for status in (300, 301, 302, 303, 305, 307, 308):
            for place in (
                f"http://127.0.0.1:{port}/v1",
                f"//127.0.0.1:{port}",
                f"http://u:p@127.0.0.1:{port}",
                upstream.base_url,
            ):
                script = whole(b"", status, JSON, b"location: " + place.encode(), b"refresh: 0; url=" + place.encode())
                model = upstream.play(f"{prefix}-{status}-{place}", script)
                answer = served.post(chat(model))
                assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_redirect")
                assert str(port) not in answer.text + str(answer.headers)
                assert len(upstream.asked(model)) == 1
    measured(f"redirects followed, {prefix}", len(reached), at_most=0)


# What other gateways took from a request and made an upstream's address or credential of (CVE-2024-6587 and its kin).
FIELDS = [
    "api_base", "base_url", "baseUrl", "api_url", "url", "uri", "endpoint", "host", "hostname", "port", "scheme", "protocol",
    "path", "proxy", "proxies", "http_proxy", "api_key", "apiKey", "key", "token", "auth", "authorization", "headers",
    "extra_headers", "default_headers", "extra_query", "extra_body", "deployment", "deployment_id", "azure_endpoint",
    "api_version",
    "region", "region_name", "aws_region_name", "resource_name", "vertex_location", "project", "organization", "custom_host",
    "provider", "target", "fallbacks", "litellm_params", "metadata", "callback_url", "webhook_url", "redirect_url", "transport",
]  # fmt: skip
assert len(FIELDS) >= 40
HEADERS = [
    "x-portkey-custom-host", "x-portkey-config", "x-api-base", "x-base-url", "x-upstream", "x-forwarded-host", "x-host",
    "forwarded", "x-original-url", "x-rewrite-url", "x-target-url", "x-provider-key", "proxy-authorization",
    "x-http-method-override",
    "helicone-target-url", "openai-api-base", "openai-organization", "x-goog-user-project", "api-base", "api-key-override",
]  # fmt: skip


def head_of(request: bytes) -> list[bytes]:
    """The head without the one field that a longer body changes."""
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line for line in lines if not line.lower().startswith(b"content-length:")]


@pytest.mark.parametrize("prefix", ["up", "over"])
def test_nothing_in_a_request_changes_where_it_goes_or_with_what_key(
    served: Deployed, upstream: Scripted, prefix: str, measured: Measure
) -> None:
    """Forty fields, in the body, in its nested objects, in the query and as headers: the request to the provider has the same
    target, host and credential, byte for byte, and nobody else is called."""
    served.post(chat(f"{prefix}-plain"))
    (plain,) = map(head_of, upstream.asked(f"{prefix}-plain"))
    changed = 0
    with sink() as (port, reached):
        evil = f"http://u:p@127.0.0.1:{port}/evil?x=#@"
        values: list[Any] = [
            evil,
            f"127.0.0.1:{port}#",
            {"url": evil, "api_key": "x", "host": evil},
            [evil],
            f"evil\r\nhost: {evil}",
        ]
        for number, field in enumerate(FIELDS):
            value = values[number % len(values)]
            model = f"{prefix}-{field}"
            body = {**chat(model), field: value, "extra_body": {field: value}, "litellm_params": {field: value}}
            path = f"{CHAT}?{field}=http%3A%2F%2F127.0.0.1%3A{port}%2F&{field}[]=x"
            skipped = ("host", "authorization", "port", "path", "auth", "key")
            named = {} if field in skipped else {field: evil, f"x-{field}": evil}
            answer = served.post(body, path if field not in ("key", "token") else CHAT, **named)
            assert answer.status_code == 200, (field, answer.text)
            changed += [head_of(request) for request in upstream.asked(model)] != [plain]
        for number, name in enumerate(HEADERS):
            model = f"{prefix}-header-{number}"
            assert served.post(chat(model), **{name: evil}).status_code == 200
            # These two belong to the format and travel to the provider; they change nothing else.
            sent = [[line for line in head_of(r) if evil.encode() not in line] for r in upstream.asked(model)]
            changed += sent != [plain]
            assert evil.encode() not in b"".join(upstream.asked(model)) or name.startswith("openai-")
    measured(f"fields tried, {prefix}", len(FIELDS) + len(HEADERS), at_least=60)
    measured(f"requests whose target, host or key a client changed, {prefix}", changed, at_most=0)
    measured(f"connections elsewhere, {prefix}", len(reached), at_most=0)


@pytest.mark.parametrize(
    "model", ["a#b", "a@evil", "a/../../evil", "a?x=1", "a%2F..%2Fb", "a\\..\\b", "..", ".", "a b", "ä", "a%0d%0ax", "//evil/"]
)
def test_a_model_that_stands_in_the_path_stays_one_segment_of_it(served: Deployed, upstream: Scripted, model: str) -> None:
    """Gemini's format has the model in the path: what a client names is encoded, and never ends or leaves its segment."""
    before = len(upstream.requests)
    quoted = "".join(c if c.isalnum() and c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in model)
    answer = served.post({"contents": []}, f"/gemini/v1/models/{quoted}:generateContent")
    sent = upstream.requests[before:]
    assert len(sent) == (1 if answer.status_code not in (400, 404) else 0)
    for request in sent:
        target = request.split(b" ")[1]
        assert target.startswith(b"/v1/models/")
        assert target.endswith(b":generateContent")
        assert target.count(b"/") == 3
        assert not set(target) & set(b"#?@\\ \r\n")


# A name server in the tests' hand, for the whole command.
NAMES = """
import socket
_real = socket.getaddrinfo
ANSWERS = {"private.example": ["127.0.0.1"], "mixed.example": ["8.8.8.8", "127.0.0.1"], "mapped.example": ["::ffff:127.0.0.1"],
           "nat.example": ["64:ff9b::7f00:1"], "cloud.example": ["169.254.169.254"], "any.example": ["0.0.0.0"]}
def look_up(host, *args, **kw):
    if host in ANSWERS:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ANSWERS[host]]
    return _real(host, *args, **kw)
socket.getaddrinfo = look_up
"""
HOSTS = ("private", "mixed", "mapped", "nat", "cloud", "any")


def named_table(port: int) -> str:
    def row(host: str, transport: str) -> str:
        url = f"http://{host}.example:{port}/v1"
        return f'  {host}-{transport}: {{kind: openai, credential: none, base_url: "{url}", transport: {transport}}}\n'

    names = [(host, transport) for host in HOSTS for transport in ("h11", "httpx")]
    return (
        'version: 1\nserver: {listen: "127.0.0.1:0"}\nproviders:\n'
        + "".join(row(*name) for name in names)
        + "models:\n"
        + "".join(f"  - {{name: {host}-{transport}, provider: {host}-{transport}}}\n" for host, transport in names)
        + "routes:\n"
        + '  - {match: "POST /v1/chat/completions", speaks: openai_chat, public: true,'
        + " pipeline: [decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]}\n"
    )


def test_a_name_that_resolves_to_a_private_address_is_refused_and_its_address_not_told(tmp_path: Path) -> None:
    with sink() as (port, reached), running(tmp_path, named_table(port), prelude=NAMES) as engine:
        for host in HOSTS:
            for transport in ("h11", "httpx"):
                with engine.connection() as connection:
                    body = orjson.dumps(chat(f"{host}-{transport}"))
                    connection.request("POST", CHAT, body, {"content-type": "application/json"})
                    answer = connection.getresponse()
                    told = answer.read().decode() + str(answer.headers)
                assert answer.status == 502
                assert "upstream_blocked" in told
                assert not [word for word in ("127", "7f00", "169.254", "0.0.0.0", "8.8.8.8", ".example") if word in told]
    assert not reached
