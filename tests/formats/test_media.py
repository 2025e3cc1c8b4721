from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.media import audio_format, audio_mime, data_url, is_data_url, mime_of, read_data_url


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("data:image/png;base64,aGk=", ("image/png", "aGk=")),
        ("DATA:Image/PNG;BASE64,aGk=", ("image/png", "aGk=")),
        ("data:text/plain;charset=utf-8;base64,aGk=", ("text/plain", "aGk=")),
        ("data:;base64,aGk=", ("text/plain", "aGk=")),
        ("data:text/plain,hi", None),
        ("data:image/png;base64", None),
        ("https://a.example/data:image/png;base64,aGk=", None),
        ("", None),
    ],
)
def test_a_data_url_is_its_type_and_its_base64(url: str, read: tuple[str, str] | None) -> None:
    assert read_data_url(url) == read


@given(st.sampled_from(["image/png", "application/pdf", "audio/x-wav", "image/svg+xml"]), st.text("ABCabc019+/=", max_size=20))
def test_what_is_written_is_read_again(mime: str, data: str) -> None:
    url = data_url(mime, data)
    assert is_data_url(url)
    assert read_data_url(url) == (mime, data)


@pytest.mark.parametrize(
    ("word", "mime"), [("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("WAV", "audio/wav"), ("pcm16", "audio/pcm16")]
)
def test_openais_word_for_audio_is_a_type_and_back(word: str, mime: str) -> None:
    assert audio_mime(word) == mime
    assert audio_format(mime) == word.lower()


def test_other_words_for_the_same_audio_are_known() -> None:
    assert [audio_format(mime) for mime in ("audio/mp3", "audio/x-wav", "audio/wave")] == ["mp3", "wav", "wav"]


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("report.PDF", "application/pdf"),
        ("https://a.example/cat.jpg?size=2.png", "image/jpeg"),
        ("https://a.example/cat.webp#x.pdf", "image/webp"),
        ("clip.mp4", "video/mp4"),
        ("song.mp3", "audio/mpeg"),
        ("no-ending", "fallback"),
        ("odd.xyz", "fallback"),
    ],
)
def test_a_type_is_guessed_by_the_ending(name: str, mime: str) -> None:
    assert mime_of(name, "fallback") == mime
