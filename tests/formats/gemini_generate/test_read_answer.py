from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Citation, Media, Native, Piece, Seal, Text, Thinking, Usage
from tests.tools.wired import answered

NAME = "gemini_generate"


def reply(*parts: Any, finish: str = "STOP", **candidate: Any) -> dict[str, Any]:
    said = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, **candidate}
    return {"responseId": "g1", "modelVersion": "t", "candidates": [said]}


@pytest.mark.parametrize(
    ("parts", "pieces"),
    [
        ([{"text": "a"}, {"text": "b"}], [Text("ab")]),
        ([{"text": "hm", "thought": True}, {"text": "a"}], [Thinking("hm"), Text("a")]),
        ([{"text": "a"}, {"text": "", "thoughtSignature": "QQ=="}], [Text("a", seal=Seal(NAME, "QQ=="))]),
        (
            [
                {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "QQ=="},
                {"functionCall": {"id": "b", "name": "f"}},
            ],
            [Call("", "f", '{"x":1}', seal=Seal(NAME, "QQ==")), Call("b", "f", "{}")],
        ),
        ([{"inlineData": {"mimeType": "image/png", "data": "aGk="}}], [Media("image", "image/png", "aGk=")]),
        ([{"executableCode": {}}], [Native(NAME, {"executableCode": {}})]),
        ([{"text": ""}, {}, 3], []),
    ],
)
def test_parts(parts: list[Any], pieces: list[Piece]) -> None:
    assert answered(NAME, reply(*parts)).answers[0].pieces == pieces


def test_where_a_text_comes_from_and_how_likely_it_was() -> None:
    (answer,) = answered(NAME, reply(
        {"text": "x"},
        groundingMetadata={"groundingChunks": [{"web": {"uri": "u", "title": "t"}}, {}]},
        citationMetadata={"citationSources": [{"uri": "v", "startIndex": 1, "endIndex": 2}]},
        logprobsResult={"chosenCandidates": [{"token": "x", "logProbability": -1.5}],
                        "topCandidates": [{"candidates": [{"token": "y", "logProbability": -2}]}]},
    )).answers  # fmt: skip
    assert answer.pieces == [Text("x", citations=[Citation("u", "t"), Citation("v", "", "", 1, 2)])]
    other = {"token": "y", "logprob": -2, "bytes": [121]}
    assert answer.logprobs == [{"token": "x", "logprob": -1.5, "bytes": [120], "top_logprobs": [other]}]


def test_the_tokens() -> None:
    counts = {"promptTokenCount": 7, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "cachedContentTokenCount": 4}
    assert answered(NAME, {**reply(), "usageMetadata": counts}).usage == Usage(7, 5, 4, 2)


@pytest.mark.parametrize(
    ("document", "finish"),
    [
        (reply({"text": "x"}, finish="MAX_TOKENS"), "length"),
        (reply(finish="SAFETY"), "filter"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "filter"),
        (reply({"functionCall": {"name": "f"}}), "calls"),
        (reply({"text": "x"}, finish="MALFORMED_FUNCTION_CALL"), "other"),
    ],
)
def test_ends(document: dict[str, Any], finish: str) -> None:
    made = answered(NAME, document)
    assert made.fault is None
    assert made.answers[0].finish == finish


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}, "upstream_rate_limit"),
        (reply(finish="MALFORMED_FUNCTION_CALL"), "upstream_error"),
        ({"hello": 1}, "upstream_bad_body"),
    ],
)
def test_what_is_no_answer(document: dict[str, Any], code: str) -> None:
    fault = answered(NAME, document).fault
    assert fault is not None
    assert fault.code == code
