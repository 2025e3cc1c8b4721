from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Asked
from engine.formats.demands import demands_of


def parts(*kinds: str, key: str = "messages") -> dict[str, Any]:
    return {key: [{"role": "user", "content": [{"type": kind} for kind in kinds]}]}


@pytest.mark.parametrize(
    ("document", "stream", "demands"),
    [
        ({"messages": [{"role": "user", "content": "hi"}]}, False, set()),
        ({"messages": []}, True, {"streaming"}),
        ({"tools": [{}]}, False, {"tools"}),
        ({"tools": []}, False, set()),
        (parts("text", "image_url"), False, {"image"}),
        (parts("video_url", "input_audio", "file"), False, {"video", "audio", "file"}),
        (parts("input_image", key="input"), False, {"image"}),
        ({"contents": [{"parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png"}}]}]}, False, {"image"}),
        ({"contents": [{"parts": [{"fileData": {"mimeType": "application/pdf"}}]}]}, False, {"file"}),
        ({"messages": None, "tools": "x", "input": [1, {"content": [None, {"type": 3}]}]}, False, set()),
    ],
)
def test_what_is_asked_for(document: dict[str, Any], stream: bool, demands: set[str]) -> None:
    assert demands_of(Asked("m", stream, b"", document)) == demands
