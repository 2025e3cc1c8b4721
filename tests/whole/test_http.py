"""HTTP/1.1 towards clients, through the real command: framing, order, refusals and their formats, TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import orjson
import pytest
import trustme

from tests.tools.deployed import CHAT, Deployed, chat, deployed, run
from tests.tools.raw import Answer, Raw, random_cuts
from tests.tools.scripted import Scripted
from tests.tools.serving import chunked, get, post

KEY = "gw-canary-http-0123456789"
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  limits: {body: 16KiB}
SERVER
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
  up: {kind: openai, keys: ["${UP_KEY}"], base_url: "${UP}", allow_private: true}
models: [{name: "up-*", provider: up}]
default: {provider: echo}
pipelines:
  open: [decode, {select: {by: model}}, call, convert, log]
  locked: [{auth: {keys: ["${GATEWAY_KEY}"]}}, decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: open, public: true}
  - {match: "POST /locked/v1/chat/completions", speaks: openai_chat, pipeline: locked}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: locked}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: locked}
  - {match: "GET /word", public: true, pipeline: [{respond: {body: word}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
LOCKED = f"/locked{CHAT}"
JSON = "content-type: application/json"


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    text = TABLE.replace("SERVER\n", "")
    with deployed(text, UP=provider.base_url, UP_KEY="sk-up-0123456789", GATEWAY_KEY=KEY) as it:
        yield it


def asking(says: str, *fields: str, path: str = CHAT, stream: bool = False, model: str = "m") -> bytes:
    return post(orjson.dumps(chat(model, says, stream=stream)), path, JSON, *fields)


def said(answer: Answer) -> str:
    content: str = orjson.loads(answer.body)["choices"][0]["message"]["content"]
    return content


def exchanged(served: Deployed, data: bytes, *methods: str, cuts: list[int] | None = None) -> tuple[list[Answer], bytes]:
    """The answers to what is sent on one connection, and what came after them until FIN ("" methods: nothing is waited for)."""

    async def main() -> tuple[list[Answer], bytes]:
        async with await Raw.open(served.address) as raw:
            await raw.send(data, cuts or ())
            answers = await raw.answers(*methods)
            return answers, await raw.read_to_end()

    return run(main())


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(served: Deployed) -> None:
    """I1, I4, F-36: as many answers as requests, in order, however the bytes are cut."""
    slow = asking("0", "x-echo-delay: 30ms")
    data = slow + b"".join(asking(str(n)) + get("/word") for n in range(1, 20)) + get("/word", "connection: close")
    for seed in range(2):
        answers, after = exchanged(served, data, *["POST"], *["POST", "GET"] * 19, "GET", cuts=random_cuts(data, seed))
        assert [said(answer) for answer in answers[:1] + answers[1:-1:2]] == [str(n) for n in range(20)]
        assert {answer.body for answer in answers[2::2]} == {b"word"}
        assert after == b""
        assert answers[-1].headers["connection"] == "close"


def test_one_request_at_a_time(served: Deployed, provider: Scripted) -> None:
    """F-36, I8: the second of two pipelined requests goes up only when the first is answered; then on the same connection."""
    data = asking("a", model="up-first") + asking("b", "connection: close", model="up-second")
    exchanged(served, data, "POST", "POST")
    first, second = provider.of("up-first"), provider.of("up-second")
    written = next(entry for entry in first if entry.what == "write")
    assert second[0].connection == written.connection
    assert second[0].at >= written.at


@pytest.mark.parametrize("count", [2, 5])
def test_a_kept_connection_serves_one_request_after_another(served: Deployed, count: int) -> None:
    async def main() -> list[str]:
        async with await Raw.open(served.address) as raw:
            heard = []
            for n in range(count):
                await raw.send(asking(f"turn {n}"))
                heard.append(said(await raw.answer("POST")))
            return heard

    assert run(main()) == [f"turn {n}" for n in range(count)]


def test_head_is_get_without_its_body(served: Deployed) -> None:
    data = get("/word", method="HEAD") + get("/metrics", method="HEAD") + get("/word", "connection: close")
    (head, metrics, word), _ = exchanged(served, data, "HEAD", "HEAD", "GET")
    assert (head.status, head.headers["content-length"], head.body) == (200, "4", b"")
    assert int(metrics.headers["content-length"]) > 100
    assert word.body == b"word"


def test_http_1_0_gets_its_answer_and_the_end(served: Deployed) -> None:
    """I8: never kept, also when it is asked for; a stream is framed by the end of the connection."""
    (answer,), after = exchanged(served, get("/word", "connection: keep-alive", version="1.0"), "GET")
    assert (answer.body, after) == (b"word", b"")
    request = asking("one two", stream=True).replace(b"HTTP/1.1", b"HTTP/1.0")
    (stream,), _ = exchanged(served, request, "POST")
    assert stream.framing == "close"
    assert stream.body.endswith(b"data: [DONE]\n\n")


def test_a_chunked_body_is_read_whole(served: Deployed) -> None:
    """I4, I5: and the next request begins where it ends."""
    body = orjson.dumps(chat("m", "in pieces"))
    request = chunked(body[:5], body[5:20], body[20:], path=CHAT).replace(b"host: x", b"host: x\r\n" + JSON.encode())
    data = request + get("/word", "connection: close")
    for seed in range(3):
        (answer, word), _ = exchanged(served, data, "POST", "GET", cuts=random_cuts(data, seed))
        assert said(answer) == "in pieces"
        assert word.body == b"word"


def test_a_client_that_waits_for_100_is_told_to_go_on_after_auth(served: Deployed) -> None:
    """I6."""
    request = asking("waited", "expect: 100-continue", f"authorization: Bearer {KEY}", "connection: close", path=LOCKED)
    head, _, body = request.partition(b"\r\n\r\n")

    async def main() -> Answer:
        async with await Raw.open(served.address) as raw:
            await raw.send(head + b"\r\n\r\n")
            assert await raw.read() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await raw.send(body)
            return await raw.answer("POST")

    assert said(run(main())) == "waited"


@pytest.mark.parametrize("fields", [(), (f"x-api-key: {KEY}x",)])
def test_without_a_key_no_body_is_asked_for(served: Deployed, fields: tuple[str, ...]) -> None:
    """I5, I6: 401, no 100 before it, and the connection ends: the body was never read."""
    head = asking("x", "expect: 100-continue", *fields, path=LOCKED).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    (answer,), after = exchanged(served, head, "POST")
    assert (answer.status, answer.interim, answer.headers["connection"], after) == (401, [], "close", b"")


MALFORMED = {
    "bare-lf": b"GET /word HTTP/1.1\nhost: x\n\n",
    "no-host": b"GET /word HTTP/1.1\r\n\r\n",
    "two-hosts": b"GET /word HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n",
    "fold": b"GET /word HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",
    "space-before-colon": b"GET /word HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n",
    "underscore": b"GET /word HTTP/1.1\r\nhost: x\r\nx_a: b\r\n\r\n",
    "nul": b"GET /word HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
    "cl-and-te": b"POST /word HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
    "two-lengths": b"POST /word HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
    "te-in-1.0": b"POST /word HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
    "te-identity": b"POST /word HTTP/1.1\r\nhost: x\r\ntransfer-encoding: identity\r\n\r\n",
    "length-plus": b"POST /word HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\n",
    "version": b"GET /word HTTP/2.0\r\nhost: x\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "method": b"BREW /word HTTP/1.1\r\nhost: x\r\n\r\n",
    "expect": b"GET /word HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\n\r\n",
    "other-host": b"GET http://y/word HTTP/1.1\r\nhost: x\r\n\r\n",
    "target": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "fields": b"GET /word HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    "body-chunk": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}
STATUS = {
    "version": 505, "method": 501, "te-identity": 501, "expect": 417, "target": 414, "fields": 431,
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_no_request_gets_one_refusal_and_the_end(served: Deployed, kind: str) -> None:
    """I1, I4, F-35: exactly one 4xx or 5xx, then FIN; the good request right behind it is never looked at."""
    behind = get("/word")
    for data, cuts in ((MALFORMED[kind] + behind, ()), (MALFORMED[kind] + behind, random_cuts(MALFORMED[kind], 3))):
        (answer,), after = exchanged(served, data, "POST", cuts=list(cuts))
        assert answer.status == STATUS.get(kind, 400)
        assert after == b"", "nothing follows the refusal"
        assert orjson.loads(answer.body)["error"]["type"] == "invalid_request_error"
        assert answer.headers["connection"] == "close"


def test_a_good_request_before_a_bad_one_is_answered(served: Deployed) -> None:
    """I1."""
    answers, after = exchanged(served, get("/word") + MALFORMED["fold"] + get("/word"), "GET", "GET")
    assert [answer.status for answer in answers] == [200, 400]
    assert after == b""


def test_absolute_form(served: Deployed) -> None:
    """I9: it must name the host that Host names (other-host, above)."""
    data = get("http://x/word") + get("http://X/word", "connection: close")
    answers, _ = exchanged(served, data, "GET", "GET")
    assert [answer.body for answer in answers] == [b"word", b"word"]


def test_a_wrong_method_is_told_which_are_right(served: Deployed) -> None:
    wrong = get(CHAT) + get("/word", method="DELETE") + get("/gemini/v1/models/m:generateContent", "connection: close")
    (chat_, word, gemini), _ = exchanged(served, wrong, "GET", "GET", "GET")
    assert [(a.status, a.headers["allow"]) for a in (chat_, word, gemini)] == [(405, "POST"), (405, "GET, HEAD"), (405, "POST")]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        (LOCKED, 401, "invalid_request_error"),
        ("/v1/chat/nowhere", 404, "invalid_request_error"),
        ("/anthropic/v1/messages", 401, "authentication_error"),
        ("/anthropic/v1/nowhere", 404, "not_found_error"),
        ("/gemini/v1beta/models/m:generateContent", 401, "UNAUTHENTICATED"),
        ("/gemini/v1beta/models/m:nowhere", 404, "NOT_FOUND"),
    ],
)
def test_errors_are_written_in_the_nearest_routes_format(served: Deployed, path: str, status: int, kind: str) -> None:
    answer = served.post({}, path)
    told = answer.json()
    assert answer.status_code == status
    if "anthropic" in path:
        assert (told["type"], told["error"]["type"]) == ("error", kind)
        assert told["request_id"] == answer.headers["x-request-id"]
    elif "gemini" in path:
        assert (told["error"]["code"], told["error"]["status"]) == (status, kind)
    else:
        assert {"message", "type", "param", "code", "request_id"} == set(told["error"])
        assert told["error"]["type"] == kind


@pytest.mark.parametrize("path", [CHAT, "/anthropic/v1/messages"])
def test_a_body_over_the_limit(served: Deployed, path: str) -> None:
    """F-35: refused by its announced length, by its announced chunk and by what came, without reading it; then FIN."""
    big = b"x" * 20_000
    fields = (JSON, f"x-api-key: {KEY}")
    announced = get(path, "content-length: 20000", *fields, method="POST")
    in_chunks = get(path, "transfer-encoding: chunked", *fields, method="POST")
    small_chunks = b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(5))
    for data in (announced, announced + big, in_chunks + b"4e20\r\n", in_chunks + small_chunks):
        (answer,), after = exchanged(served, data, "POST")
        assert (answer.status, after, answer.headers["connection"]) == (413, b"", "close")
        assert b"error" in answer.body


@pytest.fixture(scope="module")
def tls(provider: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployed, ssl.SSLContext]]:
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(folder / "cert.pem"), append=True)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    text = TABLE.replace("SERVER\n", f'  tls: {{cert: "{folder}/cert.pem", key: "{folder}/key.pem"}}\n')
    with deployed(text, UP=provider.base_url, UP_KEY="sk-up-0123456789", GATEWAY_KEY=KEY) as it:
        yield it, trusting


def test_the_sdk_over_tls(tls: tuple[Deployed, ssl.SSLContext]) -> None:
    served, trusting = tls
    assert served.url.startswith("https://127.0.0.1:")
    with (
        httpx.Client(verify=trusting) as http,
        openai.OpenAI(base_url=f"{served.url}/locked/v1", api_key=KEY, max_retries=0, http_client=http) as client,
    ):
        messages = [{"role": "user", "content": "under seal"}]
        answer = client.chat.completions.create(model="m", messages=messages)  # type: ignore[arg-type]
        stream = client.chat.completions.create(model="m", messages=messages, stream=True)  # type: ignore[arg-type,call-overload]
        assert answer.choices[0].message.content == "under seal"
        assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == "under seal"


def test_who_does_not_trust_us_does_not_get_through(tls: tuple[Deployed, ssl.SSLContext]) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{tls[0].url}/word")


def test_plain_http_to_a_tls_port_gets_no_plain_answer(tls: tuple[Deployed, ssl.SSLContext]) -> None:
    async def main() -> bytes:
        async with await Raw.open(tls[0].address) as raw:
            await raw.send(get("/word"))
            try:
                return await raw.read_to_end()
            except ConnectionResetError:
                return b""

    assert b"word" not in run(main())
    assert httpx.get(f"{tls[0].url}/word", verify=tls[1]).text == "word", "the next client is served"
