from __future__ import annotations

import orjson
import pytest
from openai.types.responses import ResponseErrorEvent

from engine.faults import Fault
from engine.formats.openai_responses import FORMAT


@pytest.mark.parametrize("end", ["response.completed", "response.incomplete", "response.failed"])
def test_every_end_is_an_end(end: str) -> None:
    tap = FORMAT.tap()
    tap.feed(b'event: response.created\ndata: {"type":"response.created","response":{"model":"m"}}\n\n')
    assert (tap.finished, tap.served) == (False, "m")
    tap.feed(b"data: %b\n\n" % orjson.dumps({"type": end, "response": {"usage": {"input_tokens": 1}}}))
    assert tap.finished
    assert tap.usage is not None


def test_a_fault_is_the_specifications_event_and_what_the_sdk_raises_on() -> None:
    name, _, data = FORMAT.write_stream_fault(Fault("upstream_stalled"), "req-1").partition(b"\n")
    assert name == b"event: error"
    document = orjson.loads(data.removeprefix(b"data: "))
    ResponseErrorEvent.model_validate(document)
    assert document["error"]["message"] == document["message"]
