from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Citation, Media, Piece, Refusal, Text
from engine.faults import Fault
from engine.formats.openai_responses.read_parts import read_parts

NOTE = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 1, "end_index": 2}


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        (None, []),
        ("", []),
        ("a", [Text("a")]),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], [Text("a"), Text("b")]),
        (
            [{"type": "output_text", "text": "a", "annotations": [NOTE, {"type": "file_path"}]}],
            [Text("a", citations=[Citation("https://a", "A", start=1, end=2)])],
        ),
        ([{"type": "refusal", "refusal": "no"}], [Refusal("no")]),
        ([{"type": "input_image", "image_url": "data:image/png;base64,aGk="}], [Media("image", "image/png", "aGk=")]),
        (
            [{"type": "input_image", "image_url": "https://a/b.webp", "detail": "high"}],
            [Media("image", "image/webp", url="https://a/b.webp", detail="high")],
        ),
        ([{"type": "input_image", "file_id": "f", "detail": "auto"}], [Media("image", file_id="f")]),
        ([{"type": "input_file", "file_id": "f"}], [Media("file", file_id="f")]),
        ([{"type": "input_file", "file_url": "https://a/b.pdf"}], [Media("file", "application/pdf", url="https://a/b.pdf")]),
        (
            [{"type": "input_file", "filename": "a.txt", "file_data": "aGk="}],
            [Media("file", "text/plain", "aGk=", name="a.txt")],
        ),
        (
            [{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}],
            [Media("file", "application/pdf", "aGk=", name="a.pdf")],
        ),
        (
            [{"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}],
            [Media("audio", "audio/mpeg", "aGk=")],
        ),
    ],
)
def test_each_part(content: Any, pieces: list[Piece]) -> None:
    assert read_parts(content, "c") == pieces


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"type": "input_text"}, "c[0].text"),
        ({"type": "input_image"}, "c[0].image_url"),
        ({"type": "input_image", "image_url": "data:image/png,x"}, "c[0].image_url"),
        ({"type": "input_file"}, "c[0].file_data"),
        ({"type": "input_audio", "input_audio": {}}, "c[0].input_audio.format"),
    ],
)
def test_what_is_missing_is_named(part: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        read_parts([part], "c")
    assert caught.value.param == place
