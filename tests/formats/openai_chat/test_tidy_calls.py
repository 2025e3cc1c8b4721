from __future__ import annotations

from typing import Any

from engine.formats.openai_chat.tidy_calls import Calls
from tests.formats.openai_chat.test_tidy import wishes


def entry(arguments: str, name: str = "", **more: Any) -> dict[str, Any]:
    return {"function": {"arguments": arguments, **({"name": name} if name else {})}, **more}


def told(*entries: Any, fresh: bool = False) -> list[Any]:
    calls = Calls(wishes(fresh=fresh))
    return [one for each in entries for one in calls.tidy([each])]


def seen(entries: list[dict[str, Any]]) -> list[tuple[int, bool, str]]:
    return [(one["index"], "id" in one, one["function"]["arguments"]) for one in entries]


def test_an_id_is_said_once() -> None:
    """W-G6 of the router: clients put strings of the same index together."""
    entries = told(entry("", "f", index=0, id="a"), entry('{"x"', index=0, id="a"), entry(":1}", index=0, id=""))
    assert seen(entries) == [(0, True, ""), (0, False, '{"x"'), (0, False, ":1}")]
    assert entries[0]["id"] == "a"


def test_a_missing_id_is_made_and_fresh_ones_replace() -> None:
    assert told(entry("{}", "f", index=0))[0]["id"].startswith("call_")
    assert told(entry("{}", "f", index=0, id="a"), fresh=True)[0]["id"].startswith("call_")


def test_documents_back_to_back_become_calls_and_later_indexes_move_on() -> None:
    entries = told(
        entry("", "f", index=0, id="a", type="function"),
        entry('{"a":1}{"b"', index=0),
        entry(":2}", index=0),
        entry("{}", "g", index=1, id="b"),
        entry(" ", index=1),
    )
    assert seen(entries) == [
        (0, True, ""),
        (0, False, '{"a":1}'),
        (1, True, '{"b"'),
        (1, False, ":2}"),
        (2, True, "{}"),
        (2, False, " "),
    ]
    assert entries[2]["function"]["name"] == "f"
    assert entries[2]["type"] == "function"
    assert len({one["id"] for one in entries if "id" in one}) == 3


def test_hosts_that_leave_the_index_out_or_say_zero_always() -> None:
    entries = told(entry("{}", "f", id="a"), entry("{}", "g", id="b"), entry(" "))
    assert [index for index, _, _ in seen(entries)] == [0, 1, 1]
    entries = told(entry("{}", "f", index=0, id="a"), entry("{}", "g", index=0, id="b"))
    assert [index for index, _, _ in seen(entries)] == [0, 1]


def test_what_is_no_object_stays() -> None:
    assert told("odd", None) == ["odd", None]
    assert told({"index": 0})[0]["id"].startswith("call_")
