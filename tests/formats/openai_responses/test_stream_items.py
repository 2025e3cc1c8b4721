from __future__ import annotations

import orjson

from engine.chat import Call, ChatRequest, Seal, Text
from engine.formats.format import Telling
from engine.formats.losses import Losses
from engine.formats.openai_responses.stream_items import StreamItems
from engine.wire.sse import EventReader


def items() -> StreamItems:
    return StreamItems(Telling(ChatRequest("m"), "a" * 24, 7, "m", Losses("openai_responses")))


def names(body: bytes) -> list[str]:
    return [event.event.removeprefix("response.") for event in EventReader().feed(body)]


def test_events_are_numbered() -> None:
    of = items()
    told = [orjson.loads(event.data) for event in EventReader().feed(of.event("a") + of.event("b", x=1))]
    assert told == [{"type": "a", "sequence_number": 0}, {"type": "b", "sequence_number": 1, "x": 1}]


def test_a_new_kind_of_item_ends_the_open_one() -> None:
    of = items()
    of.grow(Text(""), "a")
    assert names(of.open_call(Call("c", "f"))) == [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
    ]
    assert [item["type"] for item in of.output] == ["message"]


def test_nothing_open_nothing_said() -> None:
    of = items()
    assert of.close() == of.end_part() == of.close_thought(None, redacted=False) == b""


def test_a_whole_thought_is_an_item() -> None:
    of = items()
    of.whole_thought(Seal("anthropic_messages", "S"), redacted=True)
    assert of.output[0]["encrypted_content"] == "gw1.anthropic_messages+.Uw"
    assert of.output[0]["summary"] == []
