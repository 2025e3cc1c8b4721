from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from engine.parts import schema_of
from engine.providers.catalog import KINDS
from engine.providers.credentials import STYLES

WORDS = (
    "echo openai anthropic gemini azure mistral groq deepseek xai openrouter together fireworks cerebras qwen moonshot"
    " ollama lmstudio llamacpp vllm"
)


def test_the_kinds_of_the_route_language_are_there() -> None:
    assert list(KINDS) == WORDS.split()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.word)
def test_a_row_is_whole(kind: object) -> None:
    row = KINDS[kind.word]  # type: ignore[attr-defined]
    assert row.credential in STYLES
    assert row.format in {"openai_chat", "anthropic_messages", "gemini_generate"}
    assert row.says.endswith(".")
    assert bool(re.fullmatch("[A-Z_]+_API_KEY", row.variable)) == row.needs_key
    if row.options is not None:
        assert schema_of(row.options)["properties"]


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.base_url], ids=lambda k: k.word)
def test_keys_travel_over_tls_only_and_only_local_kinds_are_private(kind: object) -> None:
    row = KINDS[kind.word]  # type: ignore[attr-defined]
    url = urlsplit(row.base_url)
    assert not url.path.endswith("/")
    assert (url.scheme == "https") == row.needs_key
    assert (url.hostname == "127.0.0.1") == row.allow_private
