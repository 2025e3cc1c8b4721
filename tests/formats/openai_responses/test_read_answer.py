from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.formats.openai_responses import FORMAT
from engine.formats.openai_responses.read_answer import read_call, read_finish, read_item

NAME = "openai_responses"
NOTE = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 1}


@pytest.mark.parametrize(
    ("item", "pieces"),
    [
        (
            {"type": "message", "content": [{"type": "output_text", "text": "a", "annotations": [NOTE]}, {"refusal": "no"}]},
            [Text("a", citations=[Citation("https://a", "A", start=0, end=1)]), Refusal("no")],
        ),
        ({"type": "message", "content": []}, []),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, [Call("c", "f", "{}")]),
        ({"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"}, [Call("c", "f", "x", custom=True)]),
        (
            {"type": "reasoning", "id": "rs_1", "summary": [{"text": "t"}], "encrypted_content": "S"},
            [Thinking("t", Seal(NAME, "S"), id="rs_1")],
        ),
        ({"type": "reasoning", "id": "rs_1", "summary": []}, []),
        ({"type": "image_generation_call", "result": "aGk=", "output_format": "webp"}, [Media("image", "image/webp", "aGk=")]),
        ({"type": "web_search_call"}, [Native(NAME, {"type": "web_search_call"})]),
        ({}, []),
    ],
)
def test_each_item(item: dict[str, Any], pieces: list[Piece]) -> None:
    assert list(read_item(item)) == pieces


def test_a_call_without_its_own_id_has_the_items() -> None:
    assert read_call({"type": "function_call", "id": "fc_1", "name": "f"}).id == "fc_1"


@pytest.mark.parametrize(
    ("response", "finish"),
    [
        ({"status": "completed"}, ("stop", "completed")),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, ("length", "max_output_tokens")),
        ({"status": "incomplete", "incomplete_details": None}, ("other", "incomplete")),
    ],
)
def test_how_it_ended(response: dict[str, Any], finish: tuple[str, str]) -> None:
    assert read_finish(response, called=False) == finish


def test_a_whole_answer() -> None:
    token = {"token": "a", "logprob": 0.0, "bytes": [97], "top_logprobs": []}
    reply = FORMAT.read_answer({
        "id": "resp_1", "model": "m", "status": "completed", "service_tier": "flex",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "a", "logprobs": [token]}]}],
        "usage": {"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 4},
                  "output_tokens_details": {"reasoning_tokens": 1}},
    })  # fmt: skip
    assert (reply.id, reply.model, reply.service_tier) == ("resp_1", "m", "flex")
    assert reply.usage == Usage(9, 2, 3, 1, 4)
    assert reply.answers[0].logprobs == [token]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"error": {"code": "rate_limit_exceeded"}, "status": "failed", "output": []}, "upstream_rate_limit"),
        ({"status": "failed", "output": []}, "upstream_error"),
        ({"status": "completed"}, "upstream_bad_body"),
        ({}, "upstream_bad_body"),
    ],
)
def test_what_is_no_answer(document: dict[str, Any], code: str) -> None:
    fault = FORMAT.read_answer(document).fault
    assert fault is not None
    assert fault.code == code
