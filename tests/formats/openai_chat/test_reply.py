from __future__ import annotations

import orjson
import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion

from engine.faults import Fault
from engine.formats.openai_chat import FORMAT
from engine.formats.openai_chat.reply import usage_of


def test_the_error_is_openais() -> None:
    document = orjson.loads(FORMAT.write_fault(Fault("unknown_model", "`x`", param="model"), "req-1"))
    assert document == {
        "error": {
            "message": "the model is not known here: `x`",
            "type": "invalid_request_error",
            "param": "model",
            "code": "unknown_model",
            "request_id": "req-1",
        }
    }


def test_the_list_is_openais() -> None:
    rows = [{"id": "a", "created": 5, "owned_by": "p", "description": "good"}, {"id": "b", "created": 5, "owned_by": "p"}]
    document = orjson.loads(FORMAT.write_models(rows))
    assert document["object"] == "list"
    assert document["data"][0] == {"id": "a", "object": "model", "created": 5, "owned_by": "p", "description": "good"}
    assert "description" not in document["data"][1]
    assert [Model.model_validate(row, strict=True).id for row in document["data"]] == ["a", "b"]


@pytest.mark.parametrize(
    "document",
    [
        {"x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}},
        {"usage": None, "choices": [{"usage": {"prompt_tokens": 3, "completion_tokens": 1}}]},
    ],
)
def test_where_hosts_hide_usage(document: dict[str, object]) -> None:
    usage = usage_of(document)
    assert usage is not None
    assert (usage.input, usage.output) == (3, 1)


def test_deepseeks_word_for_cached() -> None:
    usage = usage_of({"usage": {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 6}})
    assert usage is not None
    assert usage.cached == 6


def test_a_reply_of_the_sdks_own_shape_is_heard() -> None:
    reply = ChatCompletion.model_validate(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "usage": None}
    )
    heard = FORMAT.read_reply(reply.model_dump_json().encode())
    assert (heard.fault, heard.usage, heard.served) == (None, None, "m")
