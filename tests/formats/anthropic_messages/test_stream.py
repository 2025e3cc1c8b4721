from __future__ import annotations

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.anthropic_messages import FORMAT


def delta(**usage: int | None) -> bytes:
    return b"event: message_delta\ndata: %b\n\n" % orjson.dumps({"type": "message_delta", "delta": {}, "usage": usage})


USAGE = {"input_tokens": 10, "output_tokens": 1}
START = b"data: %b\n\n" % orjson.dumps({"type": "message_start", "message": {"model": "m", "usage": USAGE}})


def test_a_delta_is_cumulative_and_overrides_what_it_names() -> None:
    """formats.md 3.3: adding up is the commonest bug of all."""
    tap = FORMAT.tap()
    tap.feed(START)
    assert tap.usage == Usage(10, 1)
    tap.feed(delta(output_tokens=5))
    assert tap.usage == Usage(10, 5)
    tap.feed(delta(input_tokens=4, cache_read_input_tokens=6, cache_creation_input_tokens=None, output_tokens=9))
    assert tap.usage == Usage(10, 9, cached=6)


def test_a_fault_is_named_in_the_event() -> None:
    written = FORMAT.write_stream_fault(Fault("upstream_overloaded"), "req-1")
    name, data, *_ = written.split(b"\n")
    assert name == b"event: error"
    assert orjson.loads(data.removeprefix(b"data: "))["error"]["type"] == "overloaded_error"
    assert b"message_stop" not in written
