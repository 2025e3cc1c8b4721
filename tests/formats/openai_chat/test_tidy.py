from __future__ import annotations

import random
import re
from typing import Any

import orjson
import pytest

from engine.faults import Fault
from engine.formats.openai_chat.tidy import Tidy, Wishes, full_usage, tidy_error


def wishes(model: str = "", fill: bool = True, fresh: bool = False) -> Wishes:
    return Wishes(model, fill, fresh, 1_700_000_000, random.Random(7).random)


def told(document: Any, **more: Any) -> Any:
    return orjson.loads(Tidy(wishes(**more)).whole(orjson.dumps(document)))


REPLY: dict[str, Any] = {"id": "c", "object": "chat.completion", "model": "m", "choices": []}


def test_ids_have_their_lengths_and_do_not_come_twice() -> None:
    mine = wishes()
    for make, form in (
        (mine.reply_id, "chatcmpl-[0-9a-f]{20}"),
        (mine.fingerprint, "fp_[0-9a-f]{18}"),
        (mine.call_id, "call_[0-9a-f]{32}"),
    ):
        made = {make() for _ in range(100)}
        assert len(made) == 100
        assert all(re.fullmatch(form, one) for one in made)


def test_only_the_model_is_replaced_when_nothing_is_to_be_filled() -> None:
    assert told(REPLY, model="mine", fill=False) == {**REPLY, "model": "mine"}
    assert told({"error": {"code": 1}}, fill=False) == {"error": {"code": 1}}


def test_what_is_missing_is_filled_in_and_what_is_there_stays() -> None:
    filled = told({**REPLY, "choices": [{"message": {"refusal": "no"}, "x": 1}, 3], "created": 4, "extra": {}})
    assert filled["choices"][0] == {"message": {"refusal": "no", "annotations": []}, "x": 1, "logprobs": None}
    assert filled["choices"][1] == 3
    assert (filled["created"], filled["extra"], filled["model"], filled["id"]) == (4, {}, "m", "c")
    assert filled["usage"] == full_usage(None)


@pytest.mark.parametrize("lacks", ["object", "choices"])
def test_what_every_reply_has(lacks: str) -> None:
    with pytest.raises(Fault, match="upstream_bad_body") as caught:
        told({key: value for key, value in REPLY.items() if key != lacks})
    assert lacks in caught.value.detail


def test_usage_is_not_added_up() -> None:
    usage = full_usage({"prompt_tokens": 10, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 1}, "x": 2})
    assert (usage["total_tokens"], usage["x"], usage["prompt_tokens_details"]) == (0, 2, {"cached_tokens": 1})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "invalid_api_key"}, "invalid_api_key_error"),
        ({"code": 400}, "400_error"),
        ({"code": None}, "api_error"),
        ({"type": "x"}, "api_error"),
        ("text", "api_error"),
    ],
)
def test_errors(error: Any, kind: str) -> None:
    tidied = tidy_error({"error": error, "more": 1})
    assert (tidied["error"]["type"], tidied["error"]["param"], tidied["more"]) == (kind, None, 1)
    assert told([{"error": error}])["error"]["type"] == kind


def test_calls_are_parted_and_named() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"a":1}{"b":2}'}, "x": 1}
    message = {"tool_calls": [call, "odd", {"id": "b"}]}
    calls = told({**REPLY, "choices": [{"message": message}]})["choices"][0]["message"]["tool_calls"]
    assert [one["function"]["arguments"] for one in calls[:2]] == ['{"a":1}', '{"b":2}']
    assert all(one["x"] == 1 and one["function"]["name"] == "f" for one in calls[:2])
    assert calls[2:] == ["odd", {"id": "b"}]
    fresh = told({**REPLY, "choices": [{"message": {"tool_calls": [{"id": "b"}]}}]}, fresh=True)
    assert fresh["choices"][0]["message"]["tool_calls"][0]["id"].startswith("call_")


def test_what_is_no_reply_stays() -> None:
    assert told([1, 2]) == [1, 2]
    assert told(7) == 7
