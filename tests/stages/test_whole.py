from __future__ import annotations

import asyncio

from engine.stages.whole import Whole
from engine.web import Headers


def test_a_whole_reply_is_a_reply() -> None:
    whole = Whole(200, Headers(), b"body")
    written: list[bytes] = []
    asyncio.run(whole.pour(written.append))
    assert written == [b"body"]
    assert asyncio.run(whole.read(1)) == b"body"
    whole.pause()
    whole.resume()
    whole.close()
    assert (whole.status, whole.body, whole.heard) == (200, b"body", None)
