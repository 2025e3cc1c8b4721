from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.openai_responses import FORMAT


@pytest.mark.parametrize(
    "body", [b'{"model":"m","input":"hi"}', b'{"model":"m","input":[]}', b'{"model":"m","prompt":{"id":"p"}}']
)
def test_peek(body: bytes) -> None:
    asked = FORMAT.peek(body, {}, "")
    assert asked.model == "m"
    assert FORMAT.rename(asked, "n") == body.replace(b'"m"', b'"n"')
    assert FORMAT.path(asked, "n") == "/responses"


def test_input_is_a_string_or_a_list() -> None:
    with pytest.raises(Fault) as caught:
        FORMAT.peek(b'{"input":{}}', {}, "")
    assert caught.value.param == "input"
