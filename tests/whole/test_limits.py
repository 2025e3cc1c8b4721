"""What is just allowed, what is just beyond, and what is unusual but legitimate: requests against the real command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run
from tests.tools.raw import Answer, Raw, random_cuts
from tests.tools.scripted import Scripted
from tests.tools.serving import get

# Small, so that a byte at a time is soon sent.
HEAD, LINE, TARGET, FIELDS, BODY = 2048, 512, 256, 16, 4096
TABLE = f"""
version: 1
server:
  listen: "${{LISTEN}}"
  limits: {{head: {HEAD}B, line: {LINE}B, target: {TARGET}B, fields: {FIELDS}, body: {BODY}B}}
providers:
  echo: {{kind: echo}}
  up: {{kind: openai, keys: ["${{UP_KEY}}"], base_url: "${{UP}}", allow_private: true}}
models: [{{name: "up-*", provider: up}}]
default: {{provider: echo}}
pipelines:
  chat: [decode, {{select: {{by: model}}}}, call, convert, log]
routes:
  - {{match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}}
  - {{match: "GET /word", public: true, pipeline: [{{respond: {{body: one}}}}]}}
  - {{match: "GET /word/{{any}}", public: true, pipeline: [{{respond: {{body: one}}}}]}}
"""
WORD = get("/word")
HOST = b"host: x\r\n"


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    with deployed(TABLE, UP=provider.base_url, UP_KEY="sk-up-0123456789") as it:
        yield it


def padded(size: int) -> bytes:
    """A head of so many bytes."""
    first = b"GET /word HTTP/1.1\r\n" + HOST
    lines = first + b"".join(b"a%d: %b\r\n" % (n, b"b" * 290) for n in range(6))
    rest = size - len(lines) - len(b"z: \r\n\r\n")
    return lines + b"z: " + b"c" * rest + b"\r\n\r\n"


def with_line(size: int) -> bytes:
    """A field line of so many bytes, its end included."""
    return b"GET /word HTTP/1.1\r\n" + HOST + b"a: " + b"b" * (size - 5) + b"\r\n\r\n"


def with_target(size: int) -> bytes:
    return b"GET /word/" + b"a" * (size - 6) + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def with_fields(count: int) -> bytes:
    return b"GET /word HTTP/1.1\r\n" + HOST + b"".join(b"a%d: b\r\n" % n for n in range(count - 1)) + b"\r\n"


def document(size: int) -> bytes:
    empty = len(orjson.dumps(chat("m", "")))
    return orjson.dumps(chat("m", "w" * (size - empty)))


def posted(framing: str, body: bytes) -> bytes:
    return get(CHAT, "content-type: application/json", framing, method="POST") + body


def with_length(size: int) -> bytes:
    return posted(f"content-length: {size}", document(size))


def one_chunk(size: int) -> bytes:
    return posted("transfer-encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (size, document(size)))


def many_chunks(size: int) -> bytes:
    body = document(size)
    pieces = (body[at : at + 100] for at in range(0, size, 100))
    return posted("transfer-encoding: chunked", b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n")


LIMITS = {
    "head": (padded, HEAD, 431),
    "line": (with_line, LINE, 431),
    "target": (with_target, TARGET, 414),
    "fields": (with_fields, FIELDS, 431),
    "body by its length": (with_length, BODY, 413),
    "body in one chunk": (one_chunk, BODY, 413),
    "body in chunks": (many_chunks, BODY, 413),
}


async def exchanged(served: Deployed, data: bytes, cuts: list[int]) -> tuple[Answer, bytes]:
    """The first answer, and all that follows until FIN."""
    async with await Raw.open(served.address) as raw:
        sending = asyncio.create_task(raw.send(data, cuts))
        answer = await raw.answer("POST")
        rest = await raw.read_to_end()
        await asyncio.gather(sending, return_exceptions=True)
        return answer, rest


@pytest.mark.parametrize("limit", LIMITS)
def test_at_a_limit_and_one_beyond(served: Deployed, limit: str, measured: Measure) -> None:
    """F-35, I1, I4: what is just allowed is answered; one more is refused and the end, in one piece, byte by byte, and cut
    anywhere. What is behind it is never looked at."""
    make, most, status = LIMITS[limit]
    last = get("/word", "connection: close")
    good, bad = make(most), make(most + 1)
    assert limit != "head" or len(good) == HEAD
    for data, wanted in ((good + last, 200), (bad + last, status)):
        for cuts in ([], list(range(len(data))), random_cuts(data, 1, 20), [len(data) - len(last)]):
            answer, rest = run(exchanged(served, data, cuts))
            assert answer.status == wanted, (limit, len(cuts))
            if wanted == 200:
                assert rest.startswith(b"HTTP/1.1 200 OK")
            else:
                assert answer.headers["connection"] == "close"
                assert b'"error"' in answer.body
                assert rest == b""
    measured(f"ways to cut it with the same answer at the limit of the {limit}, and beyond", 8)


def test_a_body_is_refused_by_what_is_announced(served: Deployed) -> None:
    """F-35: nothing of it is waited for, however absurd the number."""
    for framing, begun in (
        (f"content-length: {BODY + 1}", b""),
        ("content-length: 999999999999", b""),
        ("transfer-encoding: chunked", b"%x\r\n" % (BODY + 1)),
        ("transfer-encoding: chunked", b"ffffffffffffffff\r\n"),
        ("transfer-encoding: chunked", b"fff\r\n" + b" " * 4095 + b"\r\n2\r\n"),
    ):
        answer, rest = run(exchanged(served, posted(framing, begun), []))
        assert (answer.status, answer.headers["connection"], rest) == (413, "close", b""), framing


CHUNKS = orjson.dumps(chat("m", "in pieces"))


def in_chunks(lines: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    """`lines` has %x where the sizes stand."""
    body = b"".join(lines % len(piece) + piece + b"\r\n" for piece in (CHUNKS[:30], CHUNKS[30:]))
    return posted("transfer-encoding: chunked", body + last)


LEGITIMATE = {
    "white space around values": b"GET /word HTTP/1.1\r\nhost:\t x \t\r\na:\tb\t\r\nb:\r\nc: \r\n\r\n",
    "obs-text": b"GET /word HTTP/1.1\r\nhost: x\r\na: caf\xe9 \x80\xff\r\n\r\n",
    "TAB within a value": b"GET /word HTTP/1.1\r\nhost: x\r\na: b\tc\r\n\r\n",
    "capitals in names": b"GET /word HTTP/1.1\r\nHOST: x\r\nX-A: b\r\n\r\n",
    "every character of a name but _ and %": b"GET /word HTTP/1.1\r\nhost: x\r\n!#$&'*+-.^`|~0a: b\r\n\r\n",
    "the same name twice": b"GET /word HTTP/1.1\r\nhost: x\r\naccept: a\r\naccept: b\r\n\r\n",
    "an empty line before": b"\r\nGET /word HTTP/1.1\r\nhost: x\r\n\r\n",
    "percent-encoding": b"GET /word/%41%2f%00?q=%20&a[]=b|c HTTP/1.1\r\nhost: x\r\n\r\n",
    "absolute form": b"GET http://x/word HTTP/1.1\r\nhost: x\r\n\r\n",
    "absolute form with a port": b"GET http://x:8080/word HTTP/1.1\r\nhost: x:8080\r\n\r\n",
    "absolute form, other capitals": b"GET HTTP://X/word HTTP/1.1\r\nhost: x\r\n\r\n",
    "IPv6 host": b"GET /word HTTP/1.1\r\nhost: [::1]\r\n\r\n",
    "IPv6 host with a port": b"GET /word HTTP/1.1\r\nhost: [2001:db8::1]:8080\r\n\r\n",
    "absolute form with an IPv6 host": b"GET http://[::1]:80/word HTTP/1.1\r\nhost: [::1]:80\r\n\r\n",
    "IPv4 host": b"GET /word HTTP/1.1\r\nhost: 127.0.0.1:65535\r\n\r\n",
    "an explicit keep-alive": b"GET /word HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n",
    "Connection in capitals": b"GET /word HTTP/1.1\r\nhost: x\r\nConnection: Keep-Alive\r\n\r\n",
    "no body, by its length": b"GET /word HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
    "chunks in lower case": in_chunks(b"%x\r\n"),
    "chunks in upper case": in_chunks(b"%X\r\n"),
    "sizes with zeros before": in_chunks(b"000%x\r\n"),
    "an extension": in_chunks(b"%x;a\r\n"),
    "a quoted extension": in_chunks(b'%x;a="b; \\"c\\" \t \xff"\r\n'),
    "four extensions": in_chunks(b"%x;a;b=c;d=e;f\r\n"),
    "a last chunk of many zeros": in_chunks(b"%x\r\n", b"0000\r\n\r\n"),
    "trailers": in_chunks(b"%x\r\n", b"0\r\nx-sum: 1\r\nx-more:\t2\r\n\r\n"),
    "Transfer-Encoding in capitals": in_chunks(b"%x\r\n").replace(b"chunked", b"Chunked"),
    "an expectation in capitals": in_chunks(b"%x\r\n").replace(b"\r\n\r\n", b"\r\nExpect: 100-Continue\r\n\r\n", 1),
}


@pytest.mark.parametrize("kind", LEGITIMATE)
def test_what_is_legitimate_passes(served: Deployed, kind: str) -> None:
    """I4, I9: 200 and the connection is kept, in one piece, byte by byte, and cut anywhere."""
    data = LEGITIMATE[kind] + get("/word", "connection: close")
    for cuts in ([], list(range(len(data))), random_cuts(data, 3, 20)):
        answer, rest = run(exchanged(served, data, cuts))
        assert answer.status == 200, answer.body
        assert answer.headers.get("connection", "keep-alive") == "keep-alive"
        assert answer.body == b"one" or b"in pieces" in answer.body
        assert rest.startswith(b"HTTP/1.1 200 OK")


def test_trailers_and_extensions_go_no_further(served: Deployed, provider: Scripted) -> None:
    """F-20, I2: what is said around a body is not the body's; what goes up has a length, and the body alone."""
    body = orjson.dumps(chat("up-trailers", "hi"))
    chunks = b'%x;secret="1"\r\n%b\r\n0\r\nx-trailer: 2\r\n\r\n' % (len(body), body)
    answer, _ = run(exchanged(served, posted("transfer-encoding: chunked", chunks) + get("/word", "connection: close"), []))
    assert answer.status == 200
    (sent,) = provider.asked("up-trailers")
    head, _, came = sent.partition(b"\r\n\r\n")
    assert came == body
    assert b"content-length: %d" % len(body) in head.lower()
    for word in (b"secret", b"x-trailer", b"transfer-encoding"):
        assert word not in head.lower()


@pytest.mark.parametrize("asked", ["", "keep-alive", "Keep-Alive"])
def test_http_1_0_is_never_kept(served: Deployed, asked: str) -> None:
    """I8: whatever is asked for; nothing behind it is read."""
    fields = [f"connection: {asked}", "keep-alive: timeout=5"] if asked else []
    answer, rest = run(exchanged(served, get("/word", *fields, version="1.0") + WORD, []))
    assert (answer.status, answer.body, answer.headers["connection"], rest) == (200, b"one", "close", b"")
