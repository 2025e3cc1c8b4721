from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Message, Output, Reasoning, Text, Tool, ToolChoice
from tests.tools.wired import read, write

GEMINI = "gemini_generate"
SCHEMA = {"type": "object", "properties": {}}
OLD, NEW = "gemini-2.5-pro", "gemini-3-pro"


def chat(model: str = OLD, **fields: Any) -> ChatRequest:
    return ChatRequest(model, [Message("user", [Text("hi")])], **fields)


@pytest.mark.parametrize(
    ("fields", "config", "lost"),
    [
        ({"max_tokens": 5, "temperature": 0.0, "top_k": 3, "n": 2}, {
            "maxOutputTokens": 5, "temperature": 0.0, "topK": 3, "candidateCount": 2}, []),
        ({"stop": list("abcdef")}, {"stopSequences": list("abcde")}, ["stop_count"]),
        ({"logprobs": True, "top_logprobs": 2}, {"responseLogprobs": True, "logprobs": 2}, []),
        ({"output": Output("json")}, {"responseMimeType": "application/json"}, []),
        ({"output": Output("schema", SCHEMA)}, {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}, []),
        ({"reasoning": Reasoning(budget=0)}, {"thinkingConfig": {"thinkingBudget": 0}}, []),
        ({"reasoning": Reasoning(budget=5, show=True)}, {"thinkingConfig": {"thinkingBudget": 5, "includeThoughts": True}}, []),
        ({"reasoning": Reasoning("low")}, {"thinkingConfig": {"thinkingBudget": 2048}}, ["effort"]),
        ({"model": NEW, "reasoning": Reasoning("low")}, {"thinkingConfig": {"thinkingLevel": "LOW"}}, []),
        ({"model": NEW, "reasoning": Reasoning("max")}, {"thinkingConfig": {"thinkingLevel": "HIGH"}}, ["effort"]),
        ({"model": NEW, "reasoning": Reasoning(budget=2048)}, {"thinkingConfig": {"thinkingLevel": "LOW"}}, ["budget_step"]),
    ],
)  # fmt: skip
def test_generation_config(fields: dict[str, Any], config: dict[str, Any], lost: list[str]) -> None:
    document, noted = write(GEMINI, chat(**fields))
    assert document["generationConfig"] == config
    assert noted == lost


@pytest.mark.parametrize(
    ("tier", "written"),
    [("default", "standard"), ("standard_only", "standard"), ("flex", "flex"), ("auto", None), ("fast", None)],
)
def test_service_tiers(tier: str, written: str | None) -> None:
    assert write(GEMINI, chat(service_tier=tier))[0].get("serviceTier") == written


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("one", ["f"]), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice("some", ["f"]), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
        (ToolChoice("some", ["f"], required=True), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_choices(choice: ToolChoice, written: dict[str, Any]) -> None:
    document, _ = write(GEMINI, chat(tools=[Tool("f")], choice=choice))
    assert document["toolConfig"] == {"functionCallingConfig": written}
    assert "toolConfig" not in write(GEMINI, chat(choice=choice))[0]


def test_all_tools_stand_in_one() -> None:
    document, lost = write(GEMINI, chat(tools=[Tool("f", "d", SCHEMA), Tool("g h"), Tool("c", kind="custom")]))
    (entry,) = document["tools"]
    names = [each["name"] for each in entry["functionDeclarations"]]
    assert names[0] == "f"
    assert names[1].startswith("g_h_")
    assert "parametersJsonSchema" not in entry["functionDeclarations"][1]
    assert entry["functionDeclarations"][2]["parametersJsonSchema"]["required"] == ["input"]
    assert lost == ["tool_name"]


def test_what_is_written_is_read_as_the_same() -> None:
    asked = chat(system=[Text("a"), Text("b")], tools=[Tool("f", "d", SCHEMA)], choice=ToolChoice("one", ["f"]), max_tokens=5,
                 temperature=0.5, top_p=0.5, top_k=3, seed=1, frequency_penalty=0.1, presence_penalty=0.2, n=2,
                 stop=["x"], logprobs=True, output=Output("schema", SCHEMA), reasoning=Reasoning(budget=5),
                 service_tier="flex")  # fmt: skip
    back = read(GEMINI, write(GEMINI, asked)[0])
    back.model = asked.model
    assert back == asked
