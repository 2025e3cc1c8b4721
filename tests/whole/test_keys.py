"""Who may call: every carrier of a key, and that no key is ever told to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.fake_upstream import Close, Reset, Send, whole
from tests.tools.raw import Raw
from tests.tools.scripted import JSON, Scripted, failure
from tests.tools.serving import get

KEY = "gw-canary-one/+=&%?#-0123456789"
NAMED = "gw-canary-two-0123456789"
UP = "sk-canary-up-0123456789"
TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  echo: {kind: echo, by_headers: true}
  up: {kind: openai, keys: ["${UP_KEY}"], base_url: "${UP}", allow_private: true}
  httpx: {kind: openai, keys: ["${UP_KEY}"], base_url: "${UP}", allow_private: true, transport: httpx}
models: [{name: "up-*", provider: up}, {name: "httpx-*", provider: httpx}]
default: {provider: echo}
pipelines:
  chat:
    - auth: {keys: ["${GATEWAY_KEY:-}", "${UNSET:-}"], named: {ci: "${CI_KEY:-}"}, open_on_loopback: true}
    - decode
    - select: {by: model}
    - call: {retries: 0}
    - convert
    - log
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: chat}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
QUOTED = KEY.replace("%", "%25").replace("&", "%26").replace("+", "%2B").replace("#", "%23").replace("?", "%3F")


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    """At the end nothing that came out of it may hold a key."""
    with deployed(TABLE, UP=provider.base_url, UP_KEY=UP, GATEWAY_KEY=KEY, CI_KEY=NAMED) as it:
        yield it
        told = it.get("/metrics").text + it.get("/health").text
    rows = "".join(orjson.dumps(row).decode() for row in it.rows.values()) + "".join(it.running.logged.queue)
    for text in (told, rows, "\n".join(it.said)):
        assert "canary" not in text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (CHAT, {"authorization": f"Bearer {KEY}"}),
        (CHAT, {"authorization": f"bearer {KEY}"}),
        (CHAT, {"x-api-key": KEY}),
        (CHAT, {"x-goog-api-key": KEY}),
        (CHAT, {"api-key": KEY}),
        (f"{CHAT}?key={QUOTED}", {}),
        (f"{CHAT}?a=b&key={QUOTED}&c=d", {}),
        (CHAT, {"x-api-key": KEY, "authorization": f"Bearer {KEY}"}),
        (CHAT, {"authorization": "Basic Zm9v", "x-api-key": KEY}),
    ],
)
def test_a_key_is_taken_from_any_carrier(served: Deployed, path: str, headers: dict[str, str]) -> None:
    id = f"carrier-{abs(hash((path, *headers.items())))}"
    assert served.post(chat("m"), path, **headers, **{"x-request-id": id}).status_code == 200
    row = served.row(id)
    assert row["caller"].startswith("key-")
    assert row["path"] == CHAT


def test_a_named_key_is_logged_by_its_name(served: Deployed) -> None:
    served.post(chat("m"), x_api_key=NAMED, x_request_id="named")
    assert served.row("named")["caller"] == "ci"


WRONG: list[tuple[str, dict[str, str], str]] = [
    ("", {}, "missing_key"),
    ("", {"authorization": ""}, "missing_key"),
    ("", {"authorization": "Bearer"}, "missing_key"),
    ("", {"authorization": f"Basic {KEY}"}, "missing_key"),
    ("?key=", {}, "missing_key"),
    ("?Key=x", {}, "missing_key"),
    ("", {"authorization": f"Bearer {KEY}x"}, "wrong_key"),
    ("", {"authorization": f"Bearer {KEY[:-1]}"}, "wrong_key"),
    ("", {"x-api-key": KEY.upper()}, "wrong_key"),
    ("", {"x-api-key": "' OR 1=1--"}, "wrong_key"),
    ("", {"x-api-key": "k" * 15_000}, "wrong_key"),
    ("?key=%00", {}, "wrong_key"),
    ("?key=%ff%fe", {}, "wrong_key"),
    ("", {"x-api-key": KEY, "x-goog-api-key": "another"}, "wrong_key"),
    ("?key=another", {"x-api-key": KEY}, "wrong_key"),
    ("", {"x-api-key": UP}, "wrong_key"),
]


@pytest.mark.parametrize(("query", "headers", "code"), WRONG)
def test_without_a_right_key_nobody_gets_in(served: Deployed, query: str, headers: dict[str, str], code: str) -> None:
    """CVE rules of reliability.md 1.3: identical answers, and nothing of the key in them."""
    answer = served.post(chat("m", "do not say"), CHAT + query, **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == code
    assert "canary" not in answer.text + str(answer.headers)
    assert "do not say" not in answer.text


def test_all_wrong_keys_get_the_same_answer(served: Deployed) -> None:
    answers = [served.post(chat("m"), x_api_key=key, x_request_id="same") for key in ("a", KEY[:-1], KEY + "x", "x" * 9000)]
    assert len({answer.content for answer in answers}) == 1


def test_a_key_with_bytes_that_are_no_text(served: Deployed) -> None:
    async def main() -> int:
        async with await Raw.open(served.address) as raw:
            request = get(CHAT, "content-length: 0", "x-api-key: K", method="POST").replace(b"K", b"\xff\xfe canary")
            await raw.send(request)
            return (await raw.answer("POST")).status

    assert run(main()) == 401


def test_a_wrong_key_never_reaches_a_provider(served: Deployed, provider: Scripted) -> None:
    served.post(chat("up-wrong"), x_api_key="wrong")
    assert not provider.asked("up-wrong")


def test_the_sdks_own_error_is_raised(served: Deployed) -> None:
    with served.sdk(key="wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(**chat("m"))
    with served.sdk(key=KEY) as client:
        assert client.chat.completions.create(**chat("m", "in")).choices[0].message.content == "in"


def test_the_other_formats_say_it_in_their_words(served: Deployed) -> None:
    assert served.post({}, "/anthropic/v1/messages").json()["error"]["type"] == "authentication_error"
    assert served.post({}, "/gemini/v1beta/models/m:generateContent").json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_clients_key_never_travels_and_the_providers_never_comes_back(served: Deployed, provider: Scripted) -> None:
    """Reliability 4.8: whatever the client sends as credentials stays here, by all carriers at once."""
    for model in ("up-m", "httpx-m"):
        sent = {"authorization": f"Bearer {KEY}", "x-api-key": KEY, "cookie": f"k={KEY}", "x-request-id": "travel"}
        answer = served.post(chat(model), f"{CHAT}?key={QUOTED}", **sent)
        assert answer.status_code == 200
        (request,) = provider.asked(model)
        assert request.count(b"canary") == 1, "the provider's own key, once"
        assert b"authorization: bearer " + UP.encode() in request.lower()
        assert b"cookie" not in request.lower()
        assert "canary" not in answer.text + str(answer.headers)


ILL: list[list[Any]] = [
    failure(401, says=f"Incorrect API key provided: {UP}"),
    failure(403, says=UP),
    failure(500, says=UP),
    failure(429, says=UP),
    whole(UP.encode(), 200, b"content-type: text/plain"),
    whole(UP.encode(), 404, b"content-type: text/html"),
    whole(b"{}", 200, JSON, b"location: http://x/?key=" + UP.encode(), b"set-cookie: " + UP.encode()),
    [Send(b"HTTP/1.1 200 " + UP.encode() + b"\x00\r\n\r\n")],
    [Reset()],
    [Send(b"HTTP/1.1 2"), Close()],
]


@pytest.mark.parametrize("kind", ["up", "httpx"])
@pytest.mark.parametrize("number", range(len(ILL)))
def test_no_fault_tells_a_key(served: Deployed, provider: Scripted, kind: str, number: int) -> None:
    """Reliability 4.4: providers quote keys in errors; none of it comes back. The fixture searches all other outputs."""
    for stream in (False, True):
        model = provider.play(f"{kind}-ill-{number}-{stream}", ILL[number])
        answer = served.post(chat(model, stream=stream), authorization=f"Bearer {KEY}")
        assert "canary" not in answer.text + str(answer.headers)


def test_without_any_key_everybody_on_loopback_gets_in(provider: Scripted) -> None:
    with deployed(TABLE, UP=provider.base_url, UP_KEY=UP) as served:
        until(lambda: any("let in" in line for line in served.said))
        assert served.post(chat("m"), x_request_id="open").status_code == 200
        assert served.post(chat("m"), authorization="Bearer whatever").status_code == 200
        assert served.row("open")["caller"] == "loopback"
