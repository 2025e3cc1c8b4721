from __future__ import annotations

import base64
from typing import Any

import pytest

from engine.answer import Answer, ChatReply
from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.formats.gemini_generate.write_answer import write_answer, write_usage
from tests.tools.wired import telling

NAME = "gemini_generate"
ENVELOPE = base64.b64encode(b"gw1.anthropic_messages.QUJD").decode()


def wrote(*pieces: Piece, **answer: Any) -> tuple[dict[str, Any], list[str]]:
    asked = telling(NAME)
    return write_answer(ChatReply("g1", "t", [Answer(list(pieces), **answer)]), asked), list(asked.losses.noted)


@pytest.mark.parametrize(
    ("piece", "parts", "lost"),
    [
        (Text("hi"), [{"text": "hi"}], []),
        (Text(""), [], []),
        (Text("x", citations=[Citation("u")]), [{"text": "x"}], ["citations"]),
        (Refusal("no"), [{"text": "no"}], []),
        (Thinking("hm", Seal(NAME, "QQ==")), [{"text": "hm", "thought": True, "thoughtSignature": "QQ=="}], []),
        (
            Thinking("hm", Seal("anthropic_messages", "ABC")),
            [{"text": "hm", "thought": True, "thoughtSignature": ENVELOPE}],
            [],
        ),
        (Call("a", "f", '{"x":1}'), [{"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}}], []),
        (Media("image", "image/png", "aGk="), [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}], []),
        (Native("openai_responses", {}), [], ["reply_native"]),
    ],
)
def test_parts(piece: Piece, parts: list[dict[str, Any]], lost: list[str]) -> None:
    document, noted = wrote(piece)
    assert document["candidates"][0]["content"] == {"parts": parts, "role": "model"}
    assert noted == lost


@pytest.mark.parametrize(
    ("finish", "word"), [("stop", "STOP"), ("calls", "STOP"), ("length", "MAX_TOKENS"), ("filter", "SAFETY")]
)
def test_ends(finish: str, word: str) -> None:
    assert wrote(finish=finish)[0]["candidates"][0]["finishReason"] == word


def test_the_head_the_answers_and_the_tokens() -> None:
    asked = telling(NAME)
    document = write_answer(ChatReply("", "", [Answer(), Answer(logprobs=[{}])], Usage(7, 5, 4, 2)), asked)
    assert (document["responseId"], document["modelVersion"]) == ("a" * 24, "alias")
    assert [candidate["index"] for candidate in document["candidates"]] == [0, 1]
    assert list(asked.losses.noted) == ["reply_logprobs"]
    assert document["usageMetadata"] == {
        "promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 12, "thoughtsTokenCount": 2,
        "cachedContentTokenCount": 4,
    }  # fmt: skip
    assert write_usage(Usage(1, 2)) == {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
