from __future__ import annotations

import pytest

from tests.tools.tables import codes

PIPE = 'pipeline: [auth: {keys: ["${KEY}"]}, decode, select, call, convert]'


def table(leads: str, speaks: str) -> str:
    return (
        'version: 1\nproviders:\n  openai: {kind: openai, keys: ["${KEY}"]}\n  anthropic: {kind: anthropic, keys: ["${KEY}"]}\n'
        '  odd: {kind: openai, format: gemini_generate, keys: ["${KEY}"]}\n'
        "pools: {both: {strategy: random, of: [openai, anthropic]}}\n"
        f'models: [{{name: "*", provider: {leads}}}, {{name: unused, provider: {leads}}}]\n'
        f'routes: [{{match: "POST /x", speaks: {speaks}, {PIPE}}}]\n'
    )


@pytest.mark.parametrize(
    ("leads", "speaks", "served"),
    [
        ("openai", "openai_chat", True),
        ("openai", "openai_responses", True),
        ("openai", "anthropic_messages", False),
        ("both", "anthropic_messages", True),
        ("both", "gemini_generate", False),
        ("odd", "gemini_generate", True),
        ("odd", "openai_responses", False),
    ],
)
def test_some_provider_behind_the_models_must_speak_the_clients_format(leads: str, speaks: str, served: bool) -> None:
    assert ("R053" not in codes(table(leads, speaks))) is served


def test_a_route_that_calls_nobody_may_speak_anything() -> None:
    text = table("openai", "anthropic_messages").replace(PIPE, "pipeline: [models]")
    assert "R053" not in codes(text)


@pytest.mark.parametrize("mistake", ["wat: 1, ", 'base_url: "x", ', "allow_private: 3, "])
def test_a_candidate_with_a_mistake_of_its_own_may_be_the_one(mistake: str) -> None:
    text = table("openai", "anthropic_messages").replace("models: [", "models: [{name: y, provider: anthropic}, ")
    told = codes(text.replace("{kind: anthropic, ", f"{{kind: anthropic, {mistake}"))
    assert "R053" not in told
    assert told
    assert "R053" not in codes(table("opneai", "anthropic_messages"))
