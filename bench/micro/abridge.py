"""A body of 1 MiB with an image inline, parsed without the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.formats.abridge import parse

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 480.0


def operation() -> Callable[[], object]:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * (256 * 1024)}}
    body = orjson.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": [image]}]})

    def read() -> object:
        return parse(body)

    assert len(orjson.dumps(read())) < len(body) / 4
    return read
