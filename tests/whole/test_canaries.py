"""Canaries: secrets and private texts planted everywhere, and every output searched for them (reliability.md, 4.4 and 4.10).

Three kinds. A `KEY` is a credential and may be shown nowhere. A `PROMPT` is what a client wrote: it may go to the provider, and
comes back from nobody but it. A `TOLD` is what a provider says in a failure: none of it is passed on, but for the body of
a 400-class answer about the request itself, which is for its client and nobody else (docs/decisions/005).
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.conftest import Measure
from tests.tools.commands import ran
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, Reset, Send, Stall, answer, chunk, whole
from tests.tools.raw import Raw
from tests.tools.running import running, until
from tests.tools.scripted import BEGUN, JSON, REPLY, STREAMED, Scripted, failure

KEYS = {
    "UP_KEY": "sk-KEYcnry-up-000111222333",
    "UP_KEY_2": "sk-KEYcnry-second-000111222333",
    "CALLER": "gw-KEYcnry-caller-000111222333",
    "NAMED": "gw-KEYcnry-named-000111222333",
    "TENANT": "tn-KEYcnry-tenant-000111222333",
    "OPENAI_API_KEY": "sk-KEYcnry-usual-000111222333",
    "UNUSED_SECRET": "sk-KEYcnry-unused-000111222333",
}
IN_FILE = "sk-KEYcnry-file-000111222333"
PROMPT = "PROMPTcnry of a client, secret plans 4711"
TOLD = f"TOLDcnry of a provider, who quotes {KEYS['UP_KEY']} and {PROMPT}"
WORDS = (b"KEYcnry", b"PROMPTcnry", b"TOLDcnry", b"secret plans 4711")


def forms(word: bytes) -> list[bytes]:
    """As it is, and what base64 makes of it at each of the three places."""
    return [word, *(base64.b64encode(b"." * at + word)[4 : 4 + (len(word) - 3) // 3 * 4] for at in range(3))]


MARKS = {word: forms(word) for word in WORDS}

TABLE = """
version: 1
server: {listen: "${LISTEN}", timeouts: {head: 300ms, body: 300ms}, limits: {body: 64KiB}}
providers:
  up:
    kind: openai
    keys: ["${UP_KEY}"]
    headers: {x-tenant: "${TENANT}"}
    base_url: "${UP}"
    allow_private: true
  other: {kind: openai, keys: ["${UP_KEY}"], base_url: "${UP}", allow_private: true, transport: httpx}
  spare: {kind: openai, keys: ["${UP_KEY_2}", "${file:FOLDER/key}"], base_url: "${UP}", allow_private: true}
models: [{name: "other-*", provider: other}, {name: "spare-*", provider: spare}]
default: {provider: up}
pipelines:
  chat:
    - auth: {keys: ["${CALLER}"], named: {ci: "${NAMED}"}}
    - decode
    - select: {by: model}
    - call: {retries: 0, first_byte: 150ms, idle: 150ms, timeout: 2s, limit: 64KiB}
    - convert
    - log
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
  - {match: "POST /v1/responses", speaks: openai_responses, pipeline: chat}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: chat}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat}
  - {match: "GET /v1/models", speaks: openai_chat, pipeline: [models, log]}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
RIGHT = {"authorization": f"Bearer {KEYS['CALLER']}"}
# Wherever a credential or anything else of a client's own may travel.
ALL_OVER = {
    **RIGHT,
    "cookie": f"session={KEYS['NAMED']}",
    "x-api-key": KEYS["CALLER"],
    "openai-organization": "org",
    "x-forwarded-for": KEYS["NAMED"],
    "referer": f"https://x/?key={KEYS['NAMED']}",
    "user-agent": KEYS["NAMED"],
    "x-anything": PROMPT,
}
EVERYWHERE = f"{CHAT}?key={KEYS['CALLER']}&api_key={KEYS['NAMED']}&q=PROMPTcnry"


def found_in(text: str | bytes, *words: bytes) -> list[bytes]:
    data = text.encode() if isinstance(text, str) else text
    return [mark for word in words or WORDS for mark in MARKS[word] if mark in data]


class Outputs:
    """What came out, and where it came out, of whatever holds a canary. Counts all that was searched."""

    def __init__(self) -> None:
        self.searched = 0
        self.leaks: list[tuple[str, bytes, str]] = []

    def search(self, where: str, text: str | bytes, *words: bytes) -> None:
        self.searched += 1
        shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self.leaks += [(where, mark, shown[:2000]) for mark in found_in(text, *words)]

    def answer(self, where: str, got: httpx.Response, *words: bytes) -> None:
        self.search(f"{where}: body", got.content, *words)
        self.search(f"{where}: head", str(got.headers), *words)


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    it = tmp_path_factory.mktemp("canaries")
    (it / "key").write_text(IN_FILE + "\n")
    (it / "routes.yaml").write_text(TABLE.replace("FOLDER", str(it)))
    (it / ".env").write_text(f"UNUSED={KEYS['UNUSED_SECRET']}\n")
    return it


def told(status: int, *fields: bytes) -> list[Any]:
    return failure(status, *fields, says=TOLD)


# None of these passes on; a provider's request id, rate limits and Retry-After do (engine/stages/convert.py).
FIELDS = (
    b"location: http://127.0.0.1:9/?key=" + KEYS["UP_KEY"].encode(), b"set-cookie: a=TOLDcnry",
    b"www-authenticate: Bearer realm=TOLDcnry", b"openai-organization: TOLDcnry",
    b"server: TOLDcnry", b"content-language: TOLDcnry",
)  # fmt: skip
TEXT = TOLD.encode()
HEAD = b"HTTP/1.1 200 OK\r\n"
# What a provider may do with what it was told.
ILL: dict[str, list[Any]] = {
    **{str(status): told(status, *FIELDS) for status in (401, 403, 407, 429, 500, 502, 503, 504, 529)},
    **{f"redirect {status}": told(status, *FIELDS) for status in (301, 302, 303, 307, 308)},
    "418 in HTML": whole(b"<html>" + TEXT, 418, b"content-type: text/html", *FIELDS),
    "text with 200": whole(TEXT, 200, b"content-type: text/plain", *FIELDS),
    "text that says it is JSON": whole(TEXT, 200, JSON),
    "half of a JSON text": whole(b'{"choices":[{"message":{"content":"' + TEXT, 200, JSON),
    "an error with 200": whole(orjson.dumps({"error": {"message": TOLD, "type": TOLD, "code": TOLD}}), 200, JSON),
    "a list": whole(orjson.dumps([TOLD]), 200, JSON),
    "gzip": whole(gzip.compress(TEXT), 200, JSON, b"content-encoding: gzip"),
    "an unknown coding": whole(TEXT, 200, JSON, b"content-encoding: TOLDcnry"),
    "reset": [Reset()],
    "closed": [Close()],
    "cut off": [Send(answer(TEXT * 3, 200, JSON)[:-20]), Close()],
    "silent": [Stall()],
    "silent in the head": [Send(HEAD + b"x: TOLDcnry\r\n"), Stall()],
    "a bad status line": [Send(b"HTTP/1.1 TOLDcnry OK\r\n\r\n")],
    "no HTTP": [Send(TEXT + b"\r\n\r\n")],
    "a bad header": [Send(HEAD + b"TOLDcnry KEYcnry: x\r\n\r\n")],
    "a control byte": [Send(HEAD + b"x: TOLDcnry\x00\r\n\r\n")],
    "a bad chunk": [Send(HEAD + b"transfer-encoding: chunked\r\n\r\nTOLDcnry\r\n")],
    "two lengths": [Send(HEAD + b"content-length: 1\r\ncontent-length: TOLDcnry\r\n\r\n")],
    "too much": whole(TEXT * 2000, 200, JSON),
    "a large head": [Send(HEAD + b"x: " + TEXT * 2000 + b"\r\n\r\n")],
    "another protocol": [Send(b"HTTP/1.1 101 TOLDcnry\r\nupgrade: TOLDcnry\r\nconnection: upgrade\r\n\r\n")],
}  # fmt: skip


def event(text: bytes) -> Send:
    return Send(chunk(b"data: " + text + b"\n\n"))


# What may go wrong behind the first event of a stream; nothing of it may be told in the event that says so.
ILL_STREAMS: dict[str, list[Any]] = {
    "stalls": [*BEGUN, Stall()],
    "reset": [*BEGUN, Reset()],
    "cut off": [*BEGUN, Close()],
    "a bad chunk": [*BEGUN, Send(b"TOLDcnry\r\n")],
    "begins with an error": [Send(CHUNKED_HEAD), event(orjson.dumps({"error": {"message": TOLD}})), Send(b"0\r\n\r\n")],
    "is JSON": whole(TEXT, 200, JSON),
}

BODIES = [
    PROMPT.encode(),
    b'{"model": "m", "messages": "' + PROMPT.encode(),
    b'{"model": {"PROMPTcnry": 1}}',
    b'{"model": ["PROMPTcnry"], "messages": []}',
    b'{"model": "m", "model": "m", "x": "PROMPTcnry"}',
    b'{"PROMPTcnry": 1}',
    b'["PROMPTcnry"]',
    b'"PROMPTcnry"',
    b'{"model": "m", "stream": "PROMPTcnry"}',
    b'{"model": "m", "x": "PROMPTcnry \xff\xfe"}',
    b'{"model": "m", "x": "PROMPTcnry", "y": ' + b"[" * 3000,
    b'{"model": "m", "x": 1e999, "y": "PROMPTcnry"} PROMPTcnry',
    b"\xef\xbb\xbf" + PROMPT.encode(),
    PROMPT.encode() * 5000,
]


def get(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


POST = f"POST {CHAT} HTTP/1.1"
MALFORMED = [
    PROMPT.encode() + b"\r\n\r\n",
    get(f"POST /?key={KEYS['CALLER']} x HTTP/1.1", "host: x"),
    get(f"POST {CHAT} HTTP/KEYcnry", "host: x"),
    get(f"KEYcnry {CHAT} HTTP/1.1", "host: x"),
    get(f"POST {CHAT}?key=KEYcnry\x01 HTTP/1.1", "host: x"),
    get(f"POST http://{KEYS['NAMED']}/ HTTP/1.1", "host: x"),
    get(POST, "host: KEYcnry/"),
    get(POST, "host: x", "KEYcnry KEYcnry: x"),
    get(POST, "host: x", "x: KEYcnry\x00"),
    get(POST, "host: x", f"authorization: {KEYS['CALLER']}", f"authorization: {KEYS['NAMED']}"),
    get(POST, "host: x", f"authorization: Bearer {KEYS['CALLER']}", " KEYcnry"),
    get(POST, "host: x", "content-length: KEYcnry"),
    get(POST, "host: x", "content-length: 4", "transfer-encoding: chunked"),
    get(POST, "host: x", "transfer-encoding: KEYcnry"),
    get(POST, "host: x", "expect: KEYcnry", "content-length: 3"),
    get(POST, "host: x", "transfer-encoding: chunked") + b"KEYcnry\r\n",
    get(POST, "host: x", "x: " + "KEYcnry" * 3000),
    get(POST, "host: x", *("x: KEYcnry" for _ in range(200))),
    get(POST + "KEYcnry" * 2000, "host: x"),
    get(POST, "host: x", f"x-api-key: {KEYS['CALLER']}", "content-length: 90") + b"PROMPTcnry",  # and then nothing
    get(POST, "host: x", f"x-api-key: {KEYS['CALLER']}", "content-length: 90000", "x: PROMPTcnry"),
    b"POST " + CHAT.encode() + b" HTTP/1.1\nhost: x\nauthorization: Bearer KEYcnry\n\n",
    get(POST, "host: x", "authorization: Bearer KEYcnry")[:-4],  # a head that never ends
]


def malformed(served: Deployed, data: bytes) -> bytes:
    async def main() -> bytes:
        async with await Raw.open(served.address) as raw:
            try:
                await raw.send(data)
                return await raw.read_to_end()
            except (ConnectionResetError, BrokenPipeError):
                return b""

    return run(main())


def ask_wrongly(served: Deployed, out: Outputs) -> int:
    """Every way to be refused at the door or in a stage. How many."""
    for data in MALFORMED:
        got = malformed(served, data)
        assert got.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) or not got, got
        out.search(f"malformed {data[:40]!r}", got)
    carriers: list[dict[str, str]] = [
        {"authorization": f"Bearer {KEYS['CALLER']}x"}, {"x-api-key": KEYS["UP_KEY"]}, {"api-key": "KEYcnry"},
        {"x-goog-api-key": "KEYcnry"}, {"authorization": f"Basic {KEYS['CALLER']}"}, {"authorization": KEYS["CALLER"]},
        {"x-api-key": KEYS["CALLER"], "api-key": KEYS["NAMED"]}, {"cookie": KEYS["CALLER"]},
    ]  # fmt: skip
    paths = (CHAT, "/v1/responses", "/anthropic/v1/messages", "/gemini/v1/models/m:generateContent")
    for path in paths:
        for headers in carriers:
            out.answer(f"wrong key at {path}", served.post(chat("m", PROMPT), path, **headers))
        out.answer("wrong key", served.post(chat("m", PROMPT), f"{path}?key={KEYS['NAMED']}x"))
        for body in BODIES:
            out.answer(f"body {body[:30]!r} at {path}", served.post(body, path, **RIGHT))
        out.answer("wrong type", served.post(PROMPT.encode(), path, **RIGHT, content_type="text/PROMPTcnry"))
        out.answer("coded", served.post(PROMPT.encode(), path, **RIGHT, content_encoding="PROMPTcnry"))
        out.answer("method", httpx.request("BREW", f"{served.url}{path}?key={KEYS['NAMED']}", headers=RIGHT))
    out.answer("nowhere", served.post(chat("m", PROMPT), f"/nowhere?key={KEYS['NAMED']}", **ALL_OVER))
    return len(MALFORMED) + len(paths) * (len(carriers) + len(BODIES) + 4) + 1


def call_the_ill(served: Deployed, provider: Scripted, out: Outputs) -> int:
    """Every provider's fault, over both transports, whole and streamed. How many."""
    calls = 0
    for prefix in ("up", "other"):
        for name, script in {**ILL, **{f"stream {name}": script for name, script in ILL_STREAMS.items()}}.items():
            for stream in (False, True):
                if name.startswith("stream ") and not stream:
                    continue
                model = provider.play(f"{prefix}-{calls}", script)
                got = served.post(chat(model, PROMPT, stream=stream), EVERYWHERE, **ALL_OVER)
                # A stream's own error event is passed on, without our key.
                words = (b"KEYcnry",) if name == "stream begins with an error" else WORDS
                out.answer(f"{name} over {prefix}, stream {stream}", got, *words)
                calls += 1
        # A 400-class answer about the request is its client's to read, but for its head and for our key.
        for status in (400, 402, 404, 408, 413, 422):
            model = provider.play(f"{prefix}-refused-{status}", told(status, *FIELDS))
            got = served.post(chat(model, PROMPT), EVERYWHERE, **ALL_OVER)
            assert got.status_code == status
            out.search(f"the head of a {status}", str(got.headers))
            out.search(f"a {status}", got.content, b"KEYcnry")
        assert served.post(chat(f"spare-{prefix}", PROMPT), **RIGHT).status_code == 200
        # And so is an answer.
        for script in (REPLY, STREAMED):
            got = served.post(chat(provider.play(f"{prefix}-well", script), PROMPT, stream=script is STREAMED), **ALL_OVER)
            assert got.status_code == 200
            out.answer("an answer", got)
    return calls + 18


def test_no_output_of_the_gateway_holds_a_canary(provider: Scripted, folder: Path, measured: Measure) -> None:
    """F-15, F-16, F-37: the log, stderr, figures, health, every error body and head, over all faults of both sides."""
    out = Outputs()
    text = TABLE.replace("FOLDER", str(folder))
    with deployed(text, UP=provider.base_url, **KEYS) as served:
        calls = ask_wrongly(served, out) + call_the_ill(served, provider, out)
        served.table.write_text(
            text.replace("- decode", "- auth: s3KEYcnry\n    - decode").replace("kind: openai", "kind: x", 1)
        )
        assert "the table before it is served" in served.reload()
        served.table.write_text(text)
        served.reload()
        for path in ("/metrics", "/health", "/v1/models"):
            out.answer(path, served.get(path, **ALL_OVER))
        log = served.running.logged
        said = served.said
    rows = list(log.queue)
    assert len(rows) > 200
    for number, line in enumerate(rows):
        out.search(f"row {number} of the log", line)
    out.search("stderr", "\n".join(said))
    assert any(b"PROMPTcnry" in request for request in provider.asked("up-well")), "the provider itself gets the prompt"
    assert not out.leaks, out.leaks[:5]
    measured("requests and faults", calls, at_least=280)
    measured("outputs searched", out.searched, at_least=600)
    measured("canaries found in outputs", len(out.leaks), at_most=0)


def test_no_request_to_a_provider_holds_a_clients_credential(provider: Scripted) -> None:
    """What was sent in the test before this one, all of it."""
    requests = [entry.data for entry in provider.journal if entry.what == "request"]
    for request in requests:
        keys = {KEYS[name].encode() for name in ("CALLER", "NAMED", "OPENAI_API_KEY", "UNUSED_SECRET")}
        assert not [key for key in keys if key in request]
        head = request.partition(b"\r\n\r\n")[0]
        assert b"PROMPTcnry" not in head
        assert head.lower().count(b"authorization:") == 1


def commanded(*argv: str) -> str:
    done = ran(*argv)
    return f"{done.code} {done.out}{done.err}"


def commands() -> Iterator[str]:
    yield commanded("check", "--format", "json")
    yield commanded("routes")
    yield commanded("echo")
    asked = ["POST", EVERYWHERE, "-d", orjson.dumps(chat("m", "x")).decode()]
    shown = [part for header in ALL_OVER.items() for part in ("-H", ": ".join(header))]
    for more in ([], ["--format", "json"]):
        yield commanded("explain", *asked, *shown, *more)
    yield commanded("explain", *asked, "-H", "authorization: Bearer KEYcnry")


def test_no_command_shows_a_key(folder: Path, measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LISTEN": "127.0.0.1:0", "UP": "https://models.example.com/v1", **KEYS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    told = list(commands())
    assert "would send" in told[3], told[3]
    assert "x-tenant: ***2333" in told[3]
    leaks = [text for text in told if found_in(text, b"KEYcnry")]
    assert not leaks, leaks[0][:3000]
    measured("canaries found in what commands print", len(leaks), at_most=0)


# A credential where it does not belong, in the table itself.
MISTAKES = [
    ("- decode", "- auth: KEYcnry\n    - decode"),
    ("- decode", "- auth: [KEYcnry]\n    - decode"),
    ("- decode", "- auth KEYcnry\n    - decode"),
    ("- decode", "- auth: {keys: KEYcnry}\n    - decode"),
    ("- decode", "- auth: {kyes: [KEYcnry]}\n    - decode"),
    ("- decode", '- auth: {keys: ["KEYcnry}\n    - decode'),
    ("kind: openai", "kind: openai\n    KEYcnry"),
    ("kind: openai", "kind: openai\n    credential: KEYcnry"),
    ("kind: openai", "kind: openai\n    api_key: KEYcnry"),
    ("kind: openai", "kind: openai\n    key: ${KEYcnry"),
    ("kind: openai", "kind: openai\n    proxy: http://u:KEYcnry@h"),
    ("kind: openai", "kind: openai\n    proxy: http://${TENANT}@h:1/x y"),
    ('base_url: "${UP}"', 'base_url: "https://u:KEYcnry@h"'),
    ('base_url: "${UP}"', 'base_url: "https://h/?key=${TENANT}"'),
    ('base_url: "${UP}"', 'base_url: "${TENANT}"'),
    ("allow_private: true", 'allow_private: "${TENANT}"'),
    ("version: 1", 'version: "${TENANT}"'),
    ('listen: "${LISTEN}"', 'listen: "${TENANT}"'),
    ("kind: openai", 'kind: "${TENANT}"'),
    ("provider: up", 'provider: "${TENANT}"'),
    ("by: model", 'by: "${TENANT}"'),
    ("timeout: 2s", 'timeout: "${TENANT}"'),
    ("retries: 0", 'retries: "${TENANT}"'),
    ("speaks: openai_chat", 'speaks: "${TENANT}"'),
    ("match: ", 'match: "${TENANT}", x: '),
    ("pipeline: chat", 'pipeline: "${TENANT}"'),
    ("  up:", "  up: KEYcnry\n  up2:"),
]


def test_no_complaint_shows_a_key(folder: Path, tmp_path: Path, measured: Measure) -> None:
    """All forms of all complaints about a table with a credential, or a variable that holds one, out of place."""
    from engine.routes.complaints import render_github, render_json, render_text
    from engine.runtime.table import read_table

    leaks = 0
    text = (folder / "routes.yaml").read_text()
    (tmp_path / ".env").write_text("GOOD=1\nKEYcnry\nexport 'KEYcnry\n")
    for old, new in MISTAKES:
        assert old in text
        (tmp_path / "routes.yaml").write_text(text.replace(old, new, 1))
        table = read_table(tmp_path / "routes.yaml", {"LISTEN": "127.0.0.1:0", "UP": "https://models.example.com/v1", **KEYS})
        found = table.check().complaints
        assert found, new
        sources = {table.file: table.text, str(tmp_path / ".env"): (tmp_path / ".env").read_text()}
        for shown in (render_text(found, sources), render_text(found, sources, True), render_json(found), render_github(found)):
            leaks += bool(found_in(shown, b"KEYcnry"))
            assert not found_in(shown, b"KEYcnry"), (new, shown)
    measured("canaries found in complaints", leaks, at_most=0)


# Breaks a stage so that it raises with all that it has in hand, a record likewise, and stands still on demand.
BREAK = """
import time
from engine.stages import log, select
def broken(binding):
    def stage(exchange):
        body = bytes(exchange.request.body or b"")
        if b"stand still" in body:
            time.sleep(1.4)
            return
        try:
            raise KeyError(body.decode())
        except KeyError as error:
            raise ValueError(body.decode(), exchange.request.headers.pairs, os.environ["TENANT"]) from error
    return stage
select._by_model = broken
"""


def test_neither_a_crash_nor_a_stuck_loop_tells_what_it_was_working_on(tmp_path: Path, measured: Measure) -> None:
    """F-51: tracebacks and stacks name places in the code, and nothing that was in hand there."""
    from tests.tools.running import table

    answers = []
    with running(tmp_path, table(), prelude=BREAK, environ=KEYS, clean=False) as engine:
        for says in (PROMPT, PROMPT + " stand still"):
            with engine.connection() as connection:
                connection.request("POST", EVERYWHERE, orjson.dumps(chat("m", says)), dict(ALL_OVER))
                got = connection.getresponse()
                answers.append(got.read().decode() + str(got.headers))
        until(lambda: "stands still" in engine.stderr())
        answers += [engine.get(path).decode() for path in ("/metrics", "/health")]
    told = engine.stderr()
    assert "ValueError" in told
    assert "KeyError" in told
    assert "in stage" in told, "where it happened is told"
    outputs = [*answers, told, (tmp_path / "stdout").read_text()]
    leaks = [text for text in outputs if found_in(text)]
    assert not leaks, leaks[0]
    measured("canaries found in tracebacks and stacks", len(leaks), at_most=0)


def test_the_search_finds_what_it_looks_for() -> None:
    assert found_in("a KEYcnry b", b"KEYcnry")
    for at in range(3):
        assert found_in(base64.b64encode(b"x" * at + b"PROMPTcnry of a client"))
    assert not found_in("nothing here")
