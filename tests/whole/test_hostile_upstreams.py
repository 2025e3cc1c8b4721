"""Hostile answers against the real command: the client gets a status or its format's own error event, never a false success;
the connection is not used again; the next clients get their own answers (I7; F-08 to F-12, F-15 to F-20, F-22, F-23, F-25)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, Early, FakeUpstream, Reset, Send, Stall, Wait, answer, chunk, whole
from tests.tools.gateway import PATIENCE
from tests.tools.recorder import ANSWER
from tests.tools.scripted import EVENTS, JSON, Scripted, failure

TABLE = """
version: 1
server: {listen: "${LISTEN}", limits: {body: 32MiB}}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  claude: {kind: anthropic, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  goes_on: {kind: openai, keys: ["${KEY}"], base_url: "${GOES_ON}", allow_private: true}
  is_deaf: {kind: openai, keys: ["${KEY}"], base_url: "${IS_DEAF}", allow_private: true}
  resets: {kind: openai, keys: ["${KEY}"], base_url: "${RESETS}", allow_private: true}
  spare: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
pools:
  usual: {strategy: fallback, of: [up, spare]}
models:
  - {name: goes_on, provider: goes_on}
  - {name: is_deaf, provider: is_deaf}
  - {name: resets, provider: resets}
  - {name: "claude-*", provider: claude}
  - {name: "usual-*", provider: usual}
default: {provider: up}
pipelines:
  once:
    - decode
    - select: {by: model}
    - call: {retries: 0, first_byte: 2s, idle: 2s, limit: 64KiB, stream_limit: 128KiB}
    - convert
    - log
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: once, public: true}
  - {match: "POST /v1/messages", speaks: anthropic_messages, pipeline: once, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
SIZED = b"content-length: %d\r\n" % len(ANSWER)
TO_END = b"transfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
ILL = (502, "upstream_protocol")
BAD = (502, "upstream_bad_body")


def head(*lines: bytes, start: bytes = OK) -> list[Any]:
    """A whole good body behind a head that is not."""
    return [Send(start + b"".join(line + b"\r\n" for line in lines) + SIZED + b"\r\n" + ANSWER)]


def framed(*lines: bytes) -> list[Any]:
    """Framing fields of the test's own."""
    return [Send(OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + ANSWER)]


def status(line: bytes) -> list[Any]:
    return [Send(line + b"\r\ncontent-type: application/json\r\n" + SIZED + b"\r\n" + ANSWER)]


def chunks(data: bytes) -> list[Any]:
    return [Send(OK + TO_END + data)]


def body(data: bytes, *fields: bytes) -> list[Any]:
    return whole(data, 200, *(fields or (JSON,)))


# kind -> (what the provider sends, (status, code) that the client is told)
HEADS: dict[str, list[Any]] = {
    "obs-fold": head(b"a: b", b" c"),
    "obs-fold with a tab": head(b"a: b", b"\tc"),
    "a folded first field": head(b" a: b"),
    "a bare LF in the head": head(b"a: b\nc: d"),
    "a bare CR in a value": head(b"a: b\rc"),
    "NUL in a value": head(b"a: b\0c"),
    "ESC in a value": head(b"a: \x1b[2J"),
    "DEL in a value": head(b"a: \x7f"),
    "NUL in a name": head(b"a\0b: c"),
    "a blank before the colon": head(b"content-length : 5"),
    "no name": head(b": b"),
    "no colon": head(b"hello"),
    "a hundred kilobytes": head(b"a: " + b"b" * 100_000),
    "a hundred kilobytes in many": head(*(b"a%d: " % i + b"b" * 1000 for i in range(100))),
    "two hundred fields": head(*[b"a: b"] * 200),
    "the same length twice": framed(SIZED[:-2], SIZED[:-2]),
    "a list of lengths": framed(b"content-length: %d, %d" % (len(ANSWER), len(ANSWER))),
    "a length with a plus": framed(b"content-length: +%d" % len(ANSWER)),
    "a negative length": framed(b"content-length: -1"),
    "a blank length": framed(b"content-length: "),
    "a length in hex": framed(b"content-length: 0x%x" % len(ANSWER)),
    "a padded length": framed(b"content-length: 0%d" % len(ANSWER)),
    "a fraction of a length": framed(b"content-length: %d.0" % len(ANSWER)),
    "a length beyond 64 bits": framed(b"content-length: 99999999999999999999"),
    "chunked, and a length": framed(b"transfer-encoding: chunked", SIZED[:-2]),
    "gzip, chunked": framed(b"transfer-encoding: gzip, chunked"),
    "chunked, gzip": framed(b"transfer-encoding: chunked, gzip"),
    "xchunked": framed(b"transfer-encoding: xchunked"),
    "identity": framed(b"transfer-encoding: identity"),
    "quoted chunked": framed(b'transfer-encoding: "chunked"'),
    "chunked with VT": framed(b"transfer-encoding: \x0bchunked"),
    "chunked twice": framed(b"transfer-encoding: chunked", b"transfer-encoding: chunked"),
    "chunked in http/1.0": [Send(OK.replace(b"1.1", b"1.0") + TO_END + chunk(ANSWER) + LAST)],
    "a length that Connection lists": head(b"connection: content-length"),
    "status 999": status(b"HTTP/1.1 999 X"),
    "status 600": status(b"HTTP/1.1 600 X"),
    "status 20": status(b"HTTP/1.1 20 X"),
    "status 2000": status(b"HTTP/1.1 2000 X"),
    "no status": status(b"HTTP/1.1 OK"),
    "two blanks": status(b"HTTP/1.1  200 OK"),
    "NUL in the reason": status(b"HTTP/1.1 200 O\0K"),
    "http/0.9": [Send(ANSWER), Close()],
    "http/1.2": status(b"HTTP/1.2 200 OK"),
    "http/2": status(b"HTTP/2 200 OK"),
    "a frame of http/2": [Send(b"\0\0\x12\x04\0\0\0\0\0" + b"\0" * 18)],
    "icy": status(b"ICY 200 OK"),
    "in lower case": status(b"http/1.1 200 ok"),
    "an empty line first": [Send(b"\r\n" + OK + SIZED + b"\r\n" + ANSWER)],
    "an alert of tls": [Send(b"\x15\x03\x01\x00\x02\x02\x46"), Stall()],
    "a banner": [Send(b"SSH-2.0-OpenSSH_9.2\r\n"), Stall()],
    "nine interim answers": [Send(b"HTTP/1.1 103 X\r\n\r\n" * 9), *body(ANSWER)],
    "an interim answer with a body": [Send(b"HTTP/1.1 100 X\r\ncontent-length: 5\r\n\r\nhello"), *body(ANSWER)],
    "an interim answer with NUL": [Send(b"HTTP/1.1 103 X\r\nlink: \0\r\n\r\n"), *body(ANSWER)],
    "an unasked 101": [Send(b"HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"), *body(ANSWER)],
}
CHUNKS: dict[str, list[Any]] = {
    "a negative chunk": chunks(b"-5\r\nhello\r\n" + LAST),
    "a chunk with a plus": chunks(b"+5\r\nhello\r\n" + LAST),
    "a chunk with 0x": chunks(b"0x5\r\nhello\r\n" + LAST),
    "a blank before a size": chunks(b" 5\r\nhello\r\n" + LAST),
    "a blank behind a size": chunks(b"5 \r\nhello\r\n" + LAST),
    "an underscore in a size": chunks(b"1_0\r\n" + b"x" * 16 + b"\r\n" + LAST),
    "no size": chunks(b"\r\nhello\r\n" + LAST),
    "seventeen digits": chunks(b"00000000000000005\r\nhello\r\n" + LAST),
    "a size that ends with LF": chunks(b"5\nhello\r\n" + LAST),
    "an extension with CR": chunks(b"5;a=\rb\r\nhello\r\n" + LAST),
    "an extension with NUL": chunks(b"5;a=\0\r\nhello\r\n" + LAST),
    "a long extension": chunks(b"5;a=" + b"b" * 5000 + b"\r\nhello\r\n" + LAST),
    "more than its size": chunks(b"5\r\nhello, you\r\n" + LAST),
    "tiny chunks": chunks(b"1\r\n \r\n" * 3000 + chunk(ANSWER) + LAST),
    "a length in the trailers": chunks(chunk(ANSWER) + b"0\r\ncontent-length: 3\r\n\r\n"),
    "a folded trailer": chunks(chunk(ANSWER) + b"0\r\na: b\r\n c\r\n\r\n"),
    "long trailers": chunks(chunk(ANSWER) + b"0\r\n" + b"a: bcdefgh\r\n" * 1000 + b"\r\n"),
    "NUL in a trailer": chunks(chunk(ANSWER) + b"0\r\na: \0\r\n\r\n"),
}
SHORT: dict[str, list[Any]] = {
    "a chunk that never comes": [*chunks(b"ff\r\n"), Close()],
    "no last line": [*chunks(chunk(ANSWER) + b"0\r\n"), Close()],
    "reset after the last but one byte": [Send(answer(ANSWER, 200, JSON)[:-1]), Reset()],
    "an interim answer and the end": [Send(b"HTTP/1.1 103 X\r\n\r\n"), Close()],
}
CODED = {
    name: body(coded, JSON, b"content-encoding: " + name.split()[0].encode())
    for name, coded in {
        "gzip": gzip.compress(ANSWER),
        "gzip of ten megabytes": gzip.compress(b" " * 10_000_000 + ANSWER),
        "deflate": zlib.compress(ANSWER),
        "br": b"\x0b\x02\x80hello\x03",
        "zstd": b"\x28\xb5\x2f\xfd" + ANSWER,
        "x-unheard-of": ANSWER,
        "identity, too": ANSWER,
    }.items()
}
BODIES: dict[str, list[Any]] = {
    "nothing": body(b""),
    "a number": body(b"1"),
    "null": body(b"null"),
    "a string": body(b'"choices"'),
    "choices that are none": body(b'{"choices": "x"}'),
    "NaN": body(b'{"choices": [NaN]}'),
    "deep": body(b"[" * 30_000),
    "utf-16": body(ANSWER.decode().encode("utf-16")),
    "a byte order mark": body(b"\xef\xbb\xbf" + ANSWER),
    "broken utf-8": body(ANSWER.replace(b"recorded", b"\xff\xfe")),
    "xml": body(b"<a/>", b"content-type: application/xml"),
    "octets": body(ANSWER, b"content-type: application/octet-stream"),
    "204 with a body": [Send(b"HTTP/1.1 204 X\r\n" + SIZED + b"\r\n" + ANSWER)],
    "205": [Send(b"HTTP/1.1 205 X\r\ncontent-length: 0\r\n\r\n")],
}
TABLED: dict[str, tuple[list[Any], tuple[int, str]]] = {
    **{kind: (script, ILL) for kind, script in (HEADS | CHUNKS).items()},
    **{kind: (script, (502, "upstream_truncated")) for kind, script in SHORT.items()},
    **{kind: (script, (502, "upstream_encoding")) for kind, script in CODED.items()},
    **{kind: (script, BAD) for kind, script in BODIES.items()},
    "a chunk beyond all": (chunks(b"ffffffffffffffff\r\nhello"), (502, "upstream_too_large")),
    "without end": (chunks(chunk(b" " * 16_000) * 500), (502, "upstream_too_large")),
    "without end or framing": ([Send(OK + b"\r\n" + b" " * 8_000_000)], (502, "upstream_too_large")),
    "announced beyond all": (framed(b"content-length: 999999999999"), (502, "upstream_too_large")),
    "407": (failure(407), (502, "upstream_auth")),
    "417": (failure(417), (417, "")),
    "451 that is a page": (whole(b"<html>", 451, b"content-type: text/html"), (451, "upstream_refused")),
    "an overload in a 200": (body(b'{"error": {"type": "overloaded_error"}}'), (503, "upstream_overloaded")),
    "a limit in a 200": (body(b'{"error": {"code": 429}}'), (429, "upstream_rate_limit")),
    "a refused key in a 200": (body(b'{"error": {"code": "invalid_api_key"}}'), (502, "upstream_auth")),
    "an error that is a string": (body(b'{"error": "boom"}'), (502, "upstream_error")),
}  # fmt: skip


def own(name: str) -> bytes:
    """The right answer for this model alone."""
    return ANSWER.replace(b"recorded", name.encode())


class Scene:
    """One gateway for all kinds, and what became of those who came next."""

    def __init__(self, served: Deployed, provider: Scripted) -> None:
        self.served = served
        self.provider = provider
        self.next = 0
        self.harmed: list[str] = []
        self.client = httpx.Client(base_url=served.url, timeout=PATIENCE)

    def others(self, kind: str) -> None:
        """Two more clients on the same gateway, each with a request of its own."""
        for _ in range(2):
            self.next += 1
            name = self.provider.play(f"next-{self.next}", whole(own(f"next-{self.next}"), 200, JSON))
            got = self.client.post(CHAT, json=chat(name))
            if (got.status_code, got.content) != (200, own(name)):
                self.harmed.append(f"{kind}: {got.status_code} {got.content[:200]!r}")

    def connections(self, model: str) -> set[int]:
        return {entry.connection for entry in self.provider.of(model) if entry.what == "request"}

    def is_used_again(self, model: str) -> bool:
        """Was anything asked on the connection after this model?"""
        mine = self.connections(model)
        asked = [entry for entry in list(self.provider.journal) if entry.what == "request" and entry.connection in mine]
        return bool(asked) and asked[-1].data != self.provider.asked(model)[-1]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    early = [Send(answer(b'{"error":{"message":"too big"}}', 413, JSON))]
    with (
        Scripted() as provider,
        FakeUpstream([Early(), *early, Wait(0.2)]) as goes_on,
        FakeUpstream([Early(), *early, Close()]) as is_deaf,
        FakeUpstream([Early(), *early, Reset()]) as resets,
    ):
        where = {
            name: f"http://127.0.0.1:{one.port}/v1"
            for name, one in (("GOES_ON", goes_on), ("IS_DEAF", is_deaf), ("RESETS", resets))
        }
        with deployed(TABLE, UP=provider.base_url, KEY="sk-canary-hostile-0123456789", **where) as served:
            it = Scene(served, provider)
            with it.client:
                yield it


@pytest.mark.parametrize("kind", TABLED)
def test_a_hostile_answer_is_a_status_for_its_client_and_nothing_for_the_next(scene: Scene, kind: str) -> None:
    script, (status, code) = TABLED[kind]
    model = scene.provider.play(f"whole: {kind}", script)
    got = scene.served.post(chat(model))
    assert got.status_code == status, got.text
    assert not code or got.json()["error"]["code"] == code
    assert "canary" not in got.text
    scene.others(kind)
    if code in ("upstream_protocol", "upstream_truncated", "upstream_too_large", "upstream_encoding") or "204" in kind:
        assert not scene.is_used_again(model)


@pytest.mark.parametrize("kind", [*HEADS, *CODED, "407", "nothing", "xml"])
def test_a_stream_that_begins_so_is_a_status_as_well(scene: Scene, kind: str) -> None:
    script, (status, code) = TABLED[kind]
    got = scene.served.post(chat(scene.provider.play(f"stream: {kind}", script), stream=True))
    assert (got.status_code, got.json()["error"]["code"]) == (status, code)
    scene.others(kind)


FIRST = b"".join(map(chunk, EVENTS[:1]))
CLAUDE = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"c","role":"assistant","content":[],'
    b'"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
)
BROKEN: dict[str, tuple[list[Any], str]] = {
    "no size": ([Send(b"\r\nhello\r\n")], "upstream_protocol"),
    "a broken size in the same read": ([], "upstream_protocol"),
    "an extension with CR": ([Send(b"5;a=\rb\r\nhello\r\n")], "upstream_protocol"),
    "more than its size": ([Send(b"5\r\nhello, you\r\n")], "upstream_protocol"),
    "a framing trailer": ([Send(b"0\r\ntransfer-encoding: chunked\r\n\r\n")], "upstream_protocol"),
    "a second answer": ([Send(LAST + answer(ANSWER, 200, JSON))], "upstream_truncated"),
    "an end without its event": ([Send(LAST)], "upstream_truncated"),
    "closed": ([Close()], "upstream_truncated"),
    "reset": ([Reset()], "upstream_truncated"),
    "closed within a chunk": ([Send(b"ff\r\n: x\n\n"), Close()], "upstream_truncated"),
    "without end": ([Send(chunk(b": " + b"x" * 8000 + b"\n\n") * 60), Stall()], "upstream_too_large"),
    "a line without end": ([Send(chunk(b"x" * 8000) * 60), Stall()], "upstream_too_large"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("spoken", ["chat", "messages"])
def test_a_stream_that_breaks_ends_with_the_formats_own_error(scene: Scene, kind: str, spoken: str) -> None:
    """I4: what was good reaches the client first, also when it came in one read with what was not."""
    script, code = BROKEN[kind]
    good = EVENTS[0] if spoken == "chat" else CLAUDE
    joined = (
        [Send(CHUNKED_HEAD + chunk(good) + b"zz\r\n")]
        if "same read" in kind
        else [Send(CHUNKED_HEAD + chunk(good)), Wait(0.01)]
    )
    model = scene.provider.play(f"{'claude-' if spoken == 'messages' else ''}broken: {kind}", [*joined, *script])
    asked = {"model": model, "stream": True, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    got = scene.served.post(asked, CHAT if spoken == "chat" else "/v1/messages")
    assert got.status_code == 200
    assert got.content.startswith(good)
    last = got.content.rstrip().rpartition(b"\n\n")[2]
    assert last.startswith(b"data: " if spoken == "chat" else b"event: error\ndata: ")
    assert orjson.loads(last.rpartition(b"data: ")[2])["error"]["code"] == code
    assert b"[DONE]" not in got.content
    assert b"message_stop" not in got.content
    scene.others(kind)
    assert not scene.is_used_again(model) or "without its event" in kind, "good HTTP, whatever it says"


GREETINGS = {
    "an overload": (b'data: {"error": {"type": "overloaded_error", "message": "canary"}}\n\n', 503, "upstream_overloaded"),
    "a limit": (b'data: {"error": {"code": 429}}\n\n', 429, "upstream_rate_limit"),
    "a refusal": (b'data: {"error": {"type": "invalid_request_error", "message": "too long"}}\n\n', 400, "upstream_refused"),
    "an error behind comments": (b': hello\n\n: hello\n\ndata: {"error": "boom"}\n\n', 502, "upstream_error"),
    "an error by name": (b'event: error\r\ndata: {"message": "boom", "code": 503}\r\n\r\n', 503, "upstream_overloaded"),
    "an error behind CR": (b'data: {"error": {"code": 503}}\r\r', 503, "upstream_overloaded"),
    "an error of two lines": (b'data: {"error":\ndata: {"code": 503}}\n\n', 503, "upstream_overloaded"),
    "an error behind a mark": (b'\xef\xbb\xbfdata:{"error": {"code": 503}}\n\n', 503, "upstream_overloaded"),
    "an error that is no stream": (b'{"error": {"code": 503}}', 503, "upstream_overloaded"),
    "a page": (b"<html>\n\n<p>\n\n", 502, "upstream_bad_body"),
    "a page in an event": (b"data: <html>\n\n", 502, "upstream_bad_body"),
    "nothing": (b"", 502, "upstream_bad_body"),
    "comments": (b": hello\n\n", 502, "upstream_bad_body"),
}


@pytest.mark.parametrize("kind", GREETINGS)
@pytest.mark.parametrize("piece", [0, 1])
def test_a_stream_whose_first_event_is_an_error_is_not_begun(scene: Scene, kind: str, piece: int) -> None:
    """F-11, I4: it is told by a status, however it is cut, and another member of the pool answers for it."""
    says, status, code = GREETINGS[kind]
    stream = [
        Send(CHUNKED_HEAD),
        Send(b"".join(chunk(bytes([one])) for one in says) if piece else says and chunk(says)),
        Send(LAST),
    ]
    model = scene.provider.play(f"greeting: {kind} {piece}", stream)
    got = scene.served.post(chat(model, stream=True))
    assert (got.status_code, got.json()["error"]["code"]) == (status, code), got.text
    assert "canary" not in got.text
    pooled = scene.provider.play(
        f"usual-greeting: {kind} {piece}", stream, [Send(CHUNKED_HEAD), Send(b"".join(map(chunk, EVENTS)) + LAST)]
    )
    again = scene.served.post(chat(pooled, stream=True), x_request_id=f"greeting-{kind}-{piece}".replace(" ", "-"))
    if code != "upstream_refused":
        assert (again.status_code, again.content) == (200, b"".join(EVENTS))
    scene.others(kind)


def test_the_first_event_of_another_format(scene: Scene) -> None:
    """F-11: Anthropic's `ping` is not the first event, its `error` is."""
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    model = scene.provider.play("claude-first", [Send(CHUNKED_HEAD + chunk(ping)), Wait(0.02), Send(chunk(error) + LAST)])
    asked = {"model": model, "stream": True, "max_tokens": 9, "messages": []}
    got = scene.served.post(asked, "/v1/messages")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "upstream_overloaded")
    good = ping + CLAUDE + b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    scene.provider.play("claude-first", [Send(CHUNKED_HEAD + chunk(ping)), Wait(0.02), Send(chunk(good[len(ping) :]) + LAST)])
    assert scene.served.post(asked, "/v1/messages").content == good


ODD = {
    "CR alone": b"".join(EVENTS).replace(b"\n", b"\r"),
    "CRLF": b"".join(EVENTS).replace(b"\n", b"\r\n"),
    "a mark": b"\xef\xbb\xbf" + b"".join(EVENTS),
    "comments and unknown fields": b": hello\nretry: 5\nid: a\0b\nwhat: x\n\n" + b"".join(EVENTS),
    "no blank behind the colon": b"".join(EVENTS).replace(b"data: ", b"data:"),
    "a word for an error in a text": b"".join(EVENTS).replace(b"reco", b'\\"error\\": ping'),
    "many comments first": b": warm\n\n" * 50 + b"".join(EVENTS),
    "one event": b"data: [DONE]\n\n",
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("piece", [0, 7])
def test_odd_streams_pass_byte_for_byte(scene: Scene, kind: str, piece: int) -> None:
    """F-11: holding a head back changes nothing of what is good."""
    data = ODD[kind]
    sent = b"".join(chunk(data[at : at + piece]) for at in range(0, len(data), piece)) if piece else chunk(data)
    model = scene.provider.play(f"odd: {kind} {piece}", [Send(CHUNKED_HEAD), Send(sent + LAST)])
    got = scene.served.post(chat(model, stream=True))
    assert (got.status_code, got.content) == (200, data)
    scene.others(kind)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
def test_a_redirect_goes_nowhere(scene: Scene, status: int, stream: bool) -> None:
    """F-16: what listens at the other end hears nothing."""
    with Scripted() as sink:
        where = f"location: {sink.base_url}/canary".encode()
        model = scene.provider.play(f"redirect {status} {stream}", whole(ANSWER, status, JSON, where))
        got = scene.served.post(chat(model, stream=stream))
        assert (got.status_code, got.json()["error"]["code"]) == (502, "upstream_redirect")
        assert "location" not in got.headers
        assert not sink.journal
    scene.others("a redirect")


HINTS = [
    (b"retry-after: Fri, 31 Dec 1999 23:59:59 GMT", "0"),
    (b"retry-after: Fri, 31 Dec 9999 23:59:59 GMT", "3600"),
    (b"retry-after: 1.2", "2"),
    (b"retry-after: ", None),
    (b"retry-after: 1e9", None),
    (b"retry-after: NaN", None),
    (b"retry-after: \xb2", None),
    (b"retry-after: " + b"9" * 5000, "3600"),
    (b"retry-after-ms: 1500", "2"),
    (b"retry-after-ms: soon\r\nretry-after: 4", "4"),
    (b"retry-after: 5\r\nretry-after: 9", "5"),
]


@pytest.mark.parametrize(("given", "told"), HINTS)
def test_every_kind_of_retry_after(scene: Scene, given: bytes, told: str | None) -> None:
    """F-13: passed on sane, or not at all."""
    model = scene.provider.play(f"hint {HINTS.index((given, told))}", failure(429, given))
    got = scene.served.post(chat(model))
    assert (got.status_code, got.json()["error"]["code"]) == (429, "upstream_rate_limit")
    assert got.headers.get("retry-after") == told


@pytest.mark.parametrize("model", ["goes_on", "is_deaf", "resets"])
def test_an_answer_before_the_request_was_sent(scene: Scene, model: str) -> None:
    """F-18: it is read and passed on, the rest of the request is not sent. After a reset it may be lost: then 502."""
    got = scene.served.post(chat(model, "x" * 20_000_000))
    lost = got.status_code == 502 and got.json()["error"]["code"] in ("upstream_reset", "upstream_truncated")
    assert got.status_code == 413 or (model != "goes_on" and lost), got.text
    scene.others(model)


def kept(fields: bytes, data: bytes = b"") -> list[Any]:
    return [Send(OK + fields + b"\r\n" + data)]


GOOD: dict[str, tuple[list[Any], bool]] = {
    "as usual": (body(ANSWER), True),
    "a trailer": (chunks(chunk(ANSWER) + b"0\r\na: b\r\n\r\n"), True),
    "interim answers": ([Send(b"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 103 X\r\nlink: x\r\n\r\n"), *body(ANSWER)], True),
    "http/1.0 that would be kept": (
        [Send((OK + SIZED).replace(b"1.1", b"1.0") + b"connection: keep-alive\r\n\r\n" + ANSWER)], False,
    ),
    "Connection: close": (body(ANSWER, JSON, b"connection: x, Close"), False),
    "to the end": ([*kept(b"", ANSWER), Close()], False),
    "a byte too many": ([Send(answer(ANSWER, 200, JSON) + b"x")], False),
    "a second answer": ([Send(answer(ANSWER, 200, JSON) + answer(own("evil"), 200, JSON))], False),
    "an interim answer behind": ([Send(answer(ANSWER, 200, JSON) + b"HTTP/1.1 100 X\r\n\r\n")], False),
    "a second answer behind chunks": (chunks(chunk(ANSWER) + LAST + answer(own("evil"), 200, JSON)), False),
    "a second answer, later": ([Send(answer(ANSWER, 200, JSON)), Wait(0.02), Send(answer(own("evil"), 200, JSON))], False),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_answer_and_what_becomes_of_its_connection(scene: Scene, kind: str) -> None:
    """I7, I8, F-19, F-20, F-22, F-23."""
    script, again = GOOD[kind]
    model = scene.provider.play(f"good: {kind}", script)
    got = scene.served.post(chat(model))
    assert (got.status_code, got.content) == (200, ANSWER)
    scene.provider.saw_of(model, "write", times=sum(isinstance(step, Send) for step in script))
    scene.others(kind)
    assert scene.is_used_again(model) == again


def test_nobody_was_harmed(scene: Scene, measured: Measure) -> None:
    """I7, F-08, F-22. Last in this file."""
    scene.others("the end")
    measured("requests after hostile answers", scene.next, at_least=2)
    measured("hostile answers that harmed the next client", len(scene.harmed), at_most=0)
