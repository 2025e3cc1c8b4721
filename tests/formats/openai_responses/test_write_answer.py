from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import Response

from engine.answer import Answer, ChatReply, Finish
from engine.chat import Call, ChatRequest, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.formats.format import Telling
from engine.formats.losses import Losses
from engine.formats.openai_responses.write_answer import (
    ending,
    item_id,
    new_message,
    response_head,
    write_answer,
    write_call,
    write_citation,
    write_part,
    write_thought,
    write_usage,
)

OWN = Seal("openai_responses", "S")
SIGNED = Seal("gemini_generate", "Uw==")
ENVELOPE = "gw1.gemini_generate.VXc9PQ"


def telling() -> Telling:
    return Telling(ChatRequest("theirs"), "a" * 24, 7, "shown", Losses("openai_responses"))


def write(*pieces: Piece, finish: Finish = "stop", **fields: Any) -> dict[str, Any]:
    document = write_answer(ChatReply("id", "", [Answer(list(pieces), finish, **fields)], Usage(9, 2, 3, 1, 4)), telling())
    Response.model_validate(document)
    return document


def test_all_that_sdks_demand_is_there() -> None:
    document = write(Text("a"))
    assert document["id"] == "resp_" + "a" * 24
    assert (document["object"], document["created_at"], document["model"]) == ("response", 7, "shown")
    assert (document["status"], document["error"], document["incomplete_details"]) == ("completed", None, None)
    needed = {
        "output",
        "parallel_tool_calls",
        "tool_choice",
        "tools",
        "instructions",
        "metadata",
        "temperature",
        "top_p",
        "text",
    }
    assert needed <= document.keys()
    assert document["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 4},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 11,
    }


def kinds(document: dict[str, Any]) -> list[str]:
    return [item["type"] for item in document["output"]]


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([Text("a"), Text("b"), Refusal("no")], ["message"]),
        ([Thinking("t", OWN), Text("a")], ["reasoning", "message"]),
        ([Thinking("t")], ["reasoning"]),
        ([Thinking("")], []),
        ([Text("")], []),
        ([Text("a"), Call("c", "f"), Text("b")], ["message", "function_call", "message"]),
        ([Call("c", "f", "x", custom=True)], ["custom_tool_call"]),
        # A call has no place for a seal, nor has a text.
        ([Call("c", "f", seal=SIGNED), Call("d", "f")], ["reasoning", "function_call", "function_call"]),
        ([Text("a", seal=SIGNED)], ["message", "reasoning"]),
        ([Media("image"), Native("x", {})], []),
    ],
)
def test_items_in_order(pieces: list[Piece], found: list[str]) -> None:
    document = write(*pieces)
    assert kinds(document) == found
    assert len({item["id"] for item in document["output"]}) == len(found)
    assert all(item["status"] == "completed" for item in document["output"])


def test_a_seal_of_another_format_travels_in_an_envelope() -> None:
    assert write(Call("c", "f", seal=SIGNED))["output"][0]["encrypted_content"] == ENVELOPE
    assert write(Thinking("t", OWN))["output"][0]["encrypted_content"] == "S"
    assert write(Thinking("", Seal("anthropic_messages", "S"), redacted=True))["output"][0]["encrypted_content"] == (
        "gw1.anthropic_messages+.Uw"
    )


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        ("stop", "completed", None),
        ("calls", "completed", None),
        ("pause", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_how_it_ended(finish: Finish, status: str, details: Any) -> None:
    document = write(Text("a"), finish=finish)
    assert (document["status"], document["incomplete_details"]) == (status, details)
    assert document["output"][-1]["status"] == status
    assert ending(finish) == {"status": status, "incomplete_details": details}


def test_log_probabilities_stand_at_the_text() -> None:
    token = {"token": "a", "logprob": 0.0, "bytes": [97], "top_logprobs": []}
    assert write(Refusal("no"), Text("a"), logprobs=[token])["output"][0]["content"][1]["logprobs"] == [token]


def test_what_cannot_be_said_is_noted() -> None:
    told = telling()
    write_answer(ChatReply(answers=[Answer([Media("image"), Native("x", {})]), Answer()]), told)
    assert list(told.losses.noted) == ["reply_answers", "reply_media", "reply_native"]


def test_an_answer_may_be_empty() -> None:
    document = write_answer(ChatReply("resp_1", "m"), telling())
    Response.model_validate(document)
    assert (document["id"], document["model"], document["output"], document["usage"]) == ("resp_1", "m", [], None)


def test_the_parts_of_it() -> None:
    told = telling()
    assert item_id("fc", 3, told) == f"fc_{told.id}03"
    assert new_message(0, told)["content"] == []
    assert response_head("", "m", told)["status"] == "in_progress"
    assert write_call(Call("c", "f"), 0, told)["arguments"] == "{}"
    assert write_part(Refusal("no")) == {"type": "refusal", "refusal": "no"}
    assert write_thought("rs_1", "t", None)["summary"] == [{"type": "summary_text", "text": "t"}]
    assert write_usage(None) is None
    annotation = write_citation(Citation("https://a", "A"))
    assert (annotation["url"], annotation["start_index"]) == ("https://a", 0)
    assert write_part(Text("a", citations=[Citation("https://a", "A")]))["annotations"] == [annotation]
