from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Output, Reasoning, Text
from engine.faults import Fault
from tests.tools.wired import read

GEMINI = "gemini_generate"


def request(config: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": config, **fields}


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        ({"maxOutputTokens": 5}, "max_tokens", 5),
        ({"max_output_tokens": 5}, "max_tokens", 5),
        ({"temperature": 0}, "temperature", 0),
        ({"topP": 0.5}, "top_p", 0.5),
        ({"topK": 40.0}, "top_k", 40),
        ({"candidateCount": 2}, "n", 2),
        ({"stopSequences": ["a"]}, "stop", ["a"]),
        ({"responseLogprobs": True}, "logprobs", True),
        ({"logprobs": 3}, "top_logprobs", 3),
        ({"responseMimeType": "application/json"}, "output", Output("json")),
        ({"responseMimeType": "text/plain"}, "output", None),
        ({"responseJsonSchema": {"type": "object"}}, "output", Output("schema", {"type": "object"})),
        ({"responseSchema": {"type": "OBJECT"}}, "output", Output("schema", {"type": "object"})),
        ({"thinkingConfig": {"thinkingBudget": 0}}, "reasoning", Reasoning("", 0)),
        (
            {"thinking_config": {"thinking_level": "HIGH", "include_thoughts": True}},
            "reasoning",
            Reasoning("high", None, show=True),
        ),
        ({"mediaResolution": "LOW"}, "rest", {"mediaResolution": "LOW"}),
        (None, "max_tokens", None),
    ],
)
def test_generation_config(config: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(GEMINI, request(config)), field) == value


@pytest.mark.parametrize(
    "given",
    ["a", {"parts": [{"text": "a"}]}, {"parts": {"text": "a"}}, {"role": "system", "parts": [{"text": "a"}, {"text": ""}]}],
)
@pytest.mark.parametrize("key", ["systemInstruction", "system_instruction"])
def test_system_text_in_all_its_forms(key: str, given: object) -> None:
    assert read(GEMINI, request(**{key: given})).system == [Text("a")]


def test_every_part_of_the_system_text_is_kept() -> None:
    assert read(GEMINI, request(systemInstruction={"parts": [{"text": "a"}, {"text": "b"}]})).system == [Text("a"), Text("b")]


def test_other_fields() -> None:
    chat = read(GEMINI, request(serviceTier="FLEX", safetySettings=[], cached_content="c", labels=None))
    assert chat.service_tier == "flex"
    assert chat.rest == {"safetySettings": [], "cachedContent": "c"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"contents": 3}, "contents"),
        ({"config": {"topK": "x"}}, "generationConfig.topK"),
        ({"config": {"thinkingConfig": {"thinkingBudget": "x"}}}, "generationConfig.thinkingConfig.thinkingBudget"),
        ({"systemInstruction": 3}, "systemInstruction"),
        ({"systemInstruction": {"parts": [3]}}, "systemInstruction.parts[0]"),
    ],
)
def test_what_is_malformed_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        read(GEMINI, request(**fields))
    assert (caught.value.code, caught.value.param) == ("invalid_body", place)
