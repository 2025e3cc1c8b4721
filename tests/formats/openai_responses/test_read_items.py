from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Message, Native, Result, Seal, Text, Thinking
from engine.formats.openai_responses.read_items import read_items, read_thought, references

CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "1"}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}


F = Call("c1", "f", "{}")
ONE = Result("c1", "f", [Text("1")])


@pytest.mark.parametrize(
    ("items", "messages"),
    [
        ([user("a"), user("b")], [Message("user", [Text("a")]), Message("user", [Text("b")])]),
        ([said("a"), said("b")], [Message("assistant", [Text("a")]), Message("assistant", [Text("b")])]),
        ([said("a"), CALL], [Message("assistant", [Text("a"), F])]),
        ([CALL, said("a")], [Message("assistant", [F, Text("a")])]),
        ([CALL, OUTPUT], [Message("assistant", [F]), Message("user", [ONE])]),
        ([CALL, OUTPUT, user("b")], [Message("assistant", [F]), Message("user", [ONE, Text("b")])]),
        ([CALL, user("b"), OUTPUT], [Message("assistant", [F]), Message("user", [ONE, Text("b")])]),
        (
            [CALL, CALL | {"call_id": "c2"}, OUTPUT, OUTPUT | {"call_id": "c2"}],
            [
                Message("assistant", [F, Call("c2", "f", "{}")]),
                Message("user", [ONE, Result("c2", "f", [Text("1")])]),
            ],
        ),
        (
            [
                {"type": "custom_tool_call", "call_id": "c1", "name": "f", "input": "x y"},
                {"type": "custom_tool_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "1"}]},
            ],
            [Message("assistant", [Call("c1", "f", "x y", custom=True)]), Message("user", [ONE])],
        ),
        (
            [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "S"}, said("a")],
            [Message("assistant", [Thinking("", Seal("openai_responses", "S"), id="rs_1"), Text("a")])],
        ),
        ([{"role": "developer", "content": "d"}], [Message("system", [Text("d")], developer=True)]),
        (
            [{"type": "web_search_call", "id": "ws_1"}],
            [Message("assistant", [Native("openai_responses", {"type": "web_search_call", "id": "ws_1"})])],
        ),
        ([{"type": "item_reference", "id": "x"}], []),
    ],
)
def test_items_become_turns(items: list[Any], messages: list[Message]) -> None:
    assert read_items(items) == messages


@pytest.mark.parametrize(
    ("item", "thought"),
    [
        ({"summary": [{"text": "a"}, {"text": "b"}]}, Thinking("a\n\nb")),
        ({"content": [{"type": "reasoning_text", "text": "a"}]}, Thinking("a")),
        ({"encrypted_content": "S"}, Thinking("", Seal("openai_responses", "S"))),
        ({"encrypted_content": "gw1.anthropic_messages.Uw"}, Thinking("", Seal("anthropic_messages", "S"))),
        ({"encrypted_content": "gw1.anthropic_messages+.Uw"}, Thinking("", Seal("anthropic_messages", "S"), redacted=True)),
        ({"summary": "odd", "encrypted_content": 1}, Thinking("")),
    ],
)
def test_thoughts_know_who_sealed_them(item: dict[str, Any], thought: Thinking) -> None:
    assert read_thought(item) == thought


@pytest.mark.parametrize(("given", "ids"), [("hi", []), ([1, {"type": "item_reference", "id": "a"}], ["a"])])
def test_references(given: Any, ids: list[str]) -> None:
    assert references(given) == ids
