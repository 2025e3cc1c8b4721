"""A provider's key is bound to its host: R065 (reliability.md, section 4.8)."""

from __future__ import annotations

import pytest

from engine.routes.key_hosts import domain_of
from tests.tools.tables import checked, parts

CANARY = "sk-canary-0123456789"
KEYS = {"OPENAI_API_KEY": CANARY, "OPENAI_API_KEY_2": CANARY, "GROQ_API_KEY": CANARY, "KEY_OF_MINE": CANARY}


def told(provider: str, **environ: str) -> list[str]:
    table = f'version: 1\nproviders:\n  it: {{{provider}}}\nroutes: [{{match: "GET /health", pipeline: [health]}}]\n'
    result = checked(table, **KEYS, **environ)
    assert result.program is not None, "a warning, and no error"
    assert "canary" not in str(result.complaints)
    return [complaint.says for complaint in result.complaints if complaint.code == "R065"]


@pytest.mark.parametrize(
    "provider",
    [
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://evil.example/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY:-}"], base_url: "https://api.openai.com.evil.example/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY_2}"], base_url: "https://openai.com.evil.example"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://evilopenai.com/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://EVIL.example/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://8.8.8.8/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "${ELSEWHERE:-https://evil.example/v1}"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://evil.example/${PATH_OF_MINE}"',
        'kind: groq, keys: ["${OPENAI_API_KEY}"]',
        'kind: azure, keys: ["${OPENAI_API_KEY}"], base_url: "https://r.openai.azure.com/openai/v1"',
        'kind: openai, keys: ["${KEY_OF_MINE}", "${GROQ_API_KEY}"]',
    ],
)
def test_a_key_that_would_go_to_a_strange_host_is_told(provider: str) -> None:
    (says,) = told(provider, PATH_OF_MINE="v1")
    assert "another host" in says


@pytest.mark.parametrize(
    "provider",
    [
        'kind: openai, keys: ["${OPENAI_API_KEY}", "${OPENAI_API_KEY_2}"]',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://eu.api.openai.com/v1"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://openai.com./v1"',
        # One environment gives both.
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "${ELSEWHERE}"',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "${ELSEWHERE:-https://api.openai.com/v1}"',
        # A variable of its own says that it is meant.
        'kind: openai, keys: ["${KEY_OF_MINE}"], base_url: "https://models.example.com/v1"',
        # On this machine or its network: a stand-in for tests, a proxy.
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "http://127.0.0.1:9/v1", allow_private: true',
        'kind: openai, keys: ["${OPENAI_API_KEY}"], base_url: "https://models.example.com/v1", credential: none',
        'kind: openai, base_url: "https://models.example.com/v1"',
    ],
)
def test_nothing_is_said_of_a_key_that_goes_home_or_where_it_is_meant_to(provider: str) -> None:
    assert not told(provider, ELSEWHERE="https://models.example.com/v1")


def test_no_key_is_taken_from_the_environment_unasked() -> None:
    """A provider whose table names no key sends none, though the usual variable is set."""
    table = """
version: 1
providers:
  a: {kind: openai, base_url: "https://evil.example/v1"}
  b: {kind: openai}
  c: {kind: azure, base_url: "https://evil.example/v1"}
routes: [{match: "GET /health", pipeline: [health]}]
"""
    usual = {kind.variable: CANARY for kind in parts().kinds.values() if kind.variable}
    program = checked(table, **usual).program
    assert program is not None
    assert all(provider.keys == () for provider in program.providers.values())


def test_every_kind_with_a_key_has_a_domain_or_is_wherever_the_table_says() -> None:
    for kind in parts().kinds.values():
        if kind.variable and kind.base_url:
            assert domain_of(kind).count(".") == 1
