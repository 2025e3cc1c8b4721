from __future__ import annotations

from typing import Any

import pytest

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.formats.anthropic_messages.write_answer import write_answer
from tests.tools.wired import telling

NAME = "anthropic_messages"


def wrote(reply: ChatReply) -> tuple[dict[str, Any], list[str]]:
    asked = telling(NAME)
    return write_answer(reply, asked), list(asked.losses.noted)


@pytest.mark.parametrize(
    ("piece", "blocks", "lost"),
    [
        (Text("hi"), [{"type": "text", "text": "hi"}], []),
        (Text(""), [], []),
        (Refusal("no"), [{"type": "text", "text": "no"}], []),
        (Text("x", citations=[Citation("u", "t", "q")]), [{"type": "text", "text": "x", "citations": [
            {"type": "web_search_result_location", "url": "u", "title": "t", "cited_text": "q", "encrypted_index": ""}]}],
         ["citations"]),
        (Call("a.b", "f", "{}"), None, []),
        (Thinking("hm", Seal(NAME, "S")), [{"type": "thinking", "thinking": "hm", "signature": "S"}], []),
        (Thinking("", Seal(NAME, "D"), redacted=True), [{"type": "redacted_thinking", "data": "D"}], []),
        (Thinking("hm", Seal("openai_responses", "ABC")),
         [{"type": "thinking", "thinking": "hm", "signature": "gw1.openai_responses.QUJD"}], []),
        (Media("image", "image/png", "aGk="), [], ["reply_media"]),
        (Native("gemini_generate", {}), [], ["reply_native"]),
    ],
)  # fmt: skip
def test_blocks(piece: Piece, blocks: list[dict[str, Any]] | None, lost: list[str]) -> None:
    document, noted = wrote(ChatReply(answers=[Answer([piece])]))
    assert blocks is None or document["content"] == blocks
    assert noted == lost


def test_a_seal_at_a_call_stands_in_a_thought_before_it() -> None:
    document, _ = wrote(ChatReply(answers=[Answer([Call("a", "f", "{}", seal=Seal("gemini_generate", "ABC"))], "calls")]))
    assert document["content"] == [
        {"type": "thinking", "thinking": "", "signature": "gw1.gemini_generate.QUJD"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ]
    assert document["stop_reason"] == "tool_use"


def test_the_head_and_the_tokens() -> None:
    document, _ = wrote(ChatReply("chatcmpl-1", "", [Answer([Text("x")])], Usage(10, 3, cached=4, written=1)))
    assert (document["id"], document["model"], document["role"]) == ("msg_" + "a" * 24, "alias", "assistant")
    assert document["usage"] == {
        "input_tokens": 5, "output_tokens": 3, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 4,
    }  # fmt: skip
    assert wrote(ChatReply())[0]["usage"]["input_tokens"] == 0


def test_only_the_first_answer_is_told_and_no_log_probabilities() -> None:
    document, lost = wrote(ChatReply(answers=[Answer([Text("a")], logprobs=[{}]), Answer([Text("b")])]))
    assert [block["text"] for block in document["content"]] == ["a"]
    assert set(lost) == {"reply_answers", "reply_logprobs"}
