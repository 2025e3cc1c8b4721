from __future__ import annotations

import pytest

from engine.program import Provider
from tests.tools.tables import checked, codes, program, says

HEALTH = 'routes: [{match: "GET /health", pipeline: [health]}]\n'


def table(provider: str) -> str:
    return f"version: 1\nproviders:\n  it: {{{provider}}}\n" + HEALTH


def supplied(provider: str) -> Provider:
    return program(table(provider)).providers["it"]


def test_the_catalogue_gives_what_the_table_does_not_say() -> None:
    it = supplied('kind: anthropic, keys: ["${KEY}", "${EMPTY}"]')
    assert (str(it.origin), it.path, it.format, it.credential) == (
        "https://api.anthropic.com",
        "",
        "anthropic_messages",
        "x-api-key",
    )
    assert [key.reveal() for key in it.keys] == ["sk-canary-0123456789"]
    assert it.unavailable == ""
    assert (it.connections, it.wait, it.transport) == (1000, 5.0, "h11")


def test_the_table_wins_over_the_catalogue() -> None:
    it = supplied(
        'kind: openai, keys: ["${KEY}"], base_url: "https://example.com:8443/a/", format: gemini_generate, '
        "credential: api-key, "
        'headers: {X-One: "1"}, forward: [X-Trace-Id], connections: 7, wait: 250ms, transport: httpx, http2: true, proxy: "http://p:1"'
    )
    assert (str(it.origin), it.path, it.format, it.credential) == (
        "https://example.com:8443",
        "/a",
        "gemini_generate",
        "api-key",
    )
    assert it.headers == ((b"x-one", b"1"),)
    assert it.forward == (b"x-trace-id",)
    assert (it.connections, it.wait, it.http2) == (7, 0.25, True)
    assert it.proxy is not None
    assert it.proxy.reveal() == "http://p:1"


def test_local_kinds_may_be_private_and_need_no_key() -> None:
    it = supplied("kind: ollama")
    assert it.origin.allow_private
    assert it.unavailable == ""
    assert codes(table("kind: ollama, allow_private: false")) == ["R063"]


@pytest.mark.parametrize(
    ("provider", "what"),
    [
        ('kind: openai, keys: ["${EMPTY}"]', "set EMPTY"),
        ('kind: openai, keys: ["${ONE:-}", "${TWO:-}", "${ONE:-}"]', "set ONE or TWO"),
        ('kind: groq, keys: ["${file:/run/secrets/empty}"]', "give it a key under `keys`"),
        ("kind: groq, keys: []", 'add `keys: ["${GROQ_API_KEY:-}"]` and set GROQ_API_KEY'),
        ("kind: groq", 'add `keys: ["${GROQ_API_KEY:-}"]` and set GROQ_API_KEY'),
    ],
)
def test_a_provider_without_a_key_says_which_variable_to_set(provider: str, what: str) -> None:
    it = supplied(provider)
    assert it.unavailable == what
    (warning,) = checked(table(provider)).complaints
    assert (warning.code, warning.severity, warning.hint) == ("R061", "warning", what)


def test_a_server_of_ones_own_needs_a_key_only_when_keys_are_given() -> None:
    own = 'kind: openai, base_url: "https://models.example.com/v1"'
    assert supplied(own).unavailable == ""
    assert supplied(own + ', keys: ["${EMPTY}"]').unavailable
    assert supplied('kind: azure, base_url: "https://r.openai.azure.com/openai/v1"').unavailable
    assert supplied("kind: openai, credential: none").unavailable == ""


def test_a_key_travels_in_a_header() -> None:
    assert codes(table('kind: openai, keys: ["${TWO_LINES}"]')) == ["R023"]
    assert codes(table('kind: openai, keys: ["${SPACED}"]')) == ["R010"]


@pytest.mark.parametrize(
    "name", ["authorization", "Cookie", "host", "Content-Length", "transfer-encoding", "connection", "a b", "ä"]
)
def test_headers_that_are_not_the_tables_business(name: str) -> None:
    assert codes(table(f'kind: echo, headers: {{"{name}": x}}')) == ["R023"]
    assert codes(table(f'kind: echo, forward: ["{name}"]')) == ["R023"]


@pytest.mark.parametrize("value", ["a\\nb", " a", "a ", "ä", "a\\tb\\r"])
def test_header_values_cannot_end_a_line(value: str) -> None:
    assert codes(table(f'kind: echo, headers: {{x: "{value}"}}')) == ["R023"]


def test_plain_http_is_told_only_where_a_key_would_travel_in_the_open() -> None:
    public = 'kind: openai, base_url: "http://example.com/v1"'
    assert codes(table(public + ', keys: ["${KEY}"]')) == ["R064"]
    assert codes(table(public)) == []
    assert codes(table('kind: ollama, base_url: "http://127.0.0.1:1/v1", keys: ["${KEY}"]')) == []


def test_a_base_url_is_not_repeated() -> None:
    said = says(table('kind: openai, keys: ["${KEY}"], base_url: "https://user:hunter2@example.com"'), "R023")
    assert "hunter2" not in str(said)


def test_secrets_do_not_print() -> None:
    assert "sk-canary-0123456789" not in repr(program(table('kind: openai, keys: ["${KEY}"]')))
