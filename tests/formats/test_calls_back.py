from __future__ import annotations

import pytest

from engine.chat import Call, ChatRequest, Tool
from engine.formats.calls_back import CallsBack, free_text
from engine.formats.tool_names import tool_name

ODD = "what weather?"


def calls_back(free: bool = False) -> CallsBack:
    chat = ChatRequest("m", tools=[Tool(ODD), Tool("plain"), Tool("run", kind="custom")])
    return CallsBack.of(chat, "anthropic_messages", free, "unique")


def test_a_renamed_tool_is_named_as_the_client_named_it() -> None:
    call = Call("id", tool_name(ODD, "anthropic_messages"))
    calls_back().restore(call, 0)
    assert call.name == ODD


def test_a_name_that_nobody_gave_stays() -> None:
    call = Call("id", "else")
    calls_back().restore(call, 0)
    assert call == Call("id", "else")


def test_calls_without_ids_get_different_ones_and_others_keep_theirs() -> None:
    calls = [Call("", "plain"), Call("", "plain"), Call("theirs", "plain")]
    for number, call in enumerate(calls):
        calls_back().restore(call, number)
    assert [call.id for call in calls] == ["call_unique0", "call_unique1", "theirs"]


@pytest.mark.parametrize("free", [True, False])
def test_only_a_tool_that_was_wrapped_is_unwrapped(free: bool) -> None:
    call, plain = Call("id", "run"), Call("id", "plain")
    back = calls_back(free)
    back.restore(call, 0)
    back.restore(plain, 1)
    assert call.custom is not free
    assert not plain.custom


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"ls -l"}', "ls -l"),
        ('{"input":""}', ""),
        ('{"input":3}', '{"input":3}'),
        ('{"other":"x"}', '{"other":"x"}'),
        ("[1]", "[1]"),
        ("ls -l", "ls -l"),
        ("", ""),
    ],
)
def test_free_text_is_what_stands_under_input(arguments: str, text: str) -> None:
    assert free_text(arguments) == text
