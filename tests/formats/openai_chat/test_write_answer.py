from __future__ import annotations

from typing import Any

import pytest

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.formats.openai_chat.write_answer import write_answer
from tests.tools.wired import telling

CHAT = "openai_chat"
FUNCTION = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def wrote(*pieces: Piece, finish: Any = "stop") -> tuple[dict[str, Any], list[str]]:
    asked = telling(CHAT)
    return write_answer(ChatReply("chatcmpl-1", "t", [Answer(list(pieces), finish)]), asked), list(asked.losses.noted)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([Text("a"), Text("b")], {"content": "ab"}),
        ([], {"content": ""}),
        ([Refusal("no")], {"content": None, "refusal": "no"}),
        ([Call("a", "f", "")], {"content": None, "tool_calls": [FUNCTION]}),
        ([Text("x"), Call("a", "f", "{}")], {"content": "x", "tool_calls": [FUNCTION]}),
        (
            [Call("a", "c", "ls", custom=True)],
            {"content": None, "tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "c", "input": "ls"}}]},
        ),
        (
            [Text("x", citations=[Citation("u", "t")])],
            {
                "content": "x",
                "annotations": [
                    {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 0}}
                ],
            },
        ),
    ],
)
def test_messages(pieces: list[Piece], message: dict[str, Any]) -> None:
    document, lost = wrote(*pieces)
    assert document["choices"][0]["message"] == {"role": "assistant", "refusal": None, **message}
    assert lost == []


def test_thoughts_stand_in_both_extensions() -> None:
    seal = Seal("anthropic_messages", "S")
    document, lost = wrote(Thinking("hm", seal), Thinking("", seal, redacted=True), Text("x"))
    message = document["choices"][0]["message"]
    assert message["reasoning_content"] == "hm"
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "index": 0, "signature": "S", "format": "anthropic_messages"},
        {"type": "reasoning.encrypted", "data": "S", "index": 1, "format": "anthropic_messages"},
    ]
    assert lost == ["reply_thinking"]


def test_a_seal_at_a_call_goes_behind_its_id() -> None:
    document, _ = wrote(Call("a", "f", "{}", seal=Seal("gemini_generate", "QQ==")))
    assert document["choices"][0]["message"]["tool_calls"][0]["id"].startswith("a~gw1.gemini_generate.")


@pytest.mark.parametrize(
    ("piece", "lost"), [(Media("image", "image/png", "aGk="), "reply_media"), (Native("gemini_generate", {}), "reply_native")]
)
def test_what_has_no_word_here_is_noted(piece: Piece, lost: str) -> None:
    assert wrote(piece)[1] == [lost]


def test_the_head_and_the_tokens() -> None:
    usage = Usage(7, 3, cached=2, reasoning=1)
    document = write_answer(ChatReply("msg_1", "", [Answer(), Answer()], usage, "flex"), telling(CHAT))
    assert document["id"] == "chatcmpl-" + "a" * 24
    assert (document["object"], document["created"], document["model"]) == ("chat.completion", 1700000000, "alias")
    assert [choice["index"] for choice in document["choices"]] == [0, 1]
    assert document["service_tier"] == "flex"
    told = document["usage"]
    assert (told["prompt_tokens"], told["completion_tokens"], told["total_tokens"]) == (7, 3, 10)
    assert told["prompt_tokens_details"]["cached_tokens"] == 2
    assert told["completion_tokens_details"]["reasoning_tokens"] == 1
    assert "usage" not in write_answer(ChatReply("chatcmpl-9", "t"), telling(CHAT))


@pytest.mark.parametrize(
    ("finish", "word"), [("calls", "tool_calls"), ("length", "length"), ("filter", "content_filter"), ("pause", "stop")]
)
def test_ends(finish: str, word: str) -> None:
    assert wrote(Text("x"), finish=finish)[0]["choices"][0]["finish_reason"] == word
