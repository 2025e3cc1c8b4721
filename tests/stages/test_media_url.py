"""Which URLs of a request are fetched, what may come back, and how an error names the place."""

from __future__ import annotations

import pytest

from engine.stages.media_url import LONGEST, Unfetched, is_web_url, media_type_of, place_of, read_media_url


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://a.example/cat.png", "a.example", "/cat.png"),
        ("HTTPS://A.Example", "a.example", "/"),
        ("https://a.example:443/x?y=1&z=%20#part", "a.example", "/x?y=1&z=%20"),
        ("https://a.example?y=/../", "a.example", "/?y=/../"),
        ("https://a.example/käse", "a.example", "/k%C3%A4se"),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", "/x"),
        ("https://a.example/@b.example/", "a.example", "/@b.example/"),
    ],
)
def test_what_is_fetched(url: str, host: str, path: str) -> None:
    origin, target = read_media_url(url, http=False)
    assert (origin.scheme, origin.host, origin.port, target) == ("https", host, 443, path)
    assert not origin.allow_private, "no option allows it"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/", "ftp://a.example/", "file:///etc/passwd", "//a.example/", "a.example/x", "", "https://",
        "https:///x", "https://u@a.example/", "https://u:p@a.example/", "https://a.example\\@b.example/", "https://a b/",
        "https://a.example/x y", "https://a.example/\r\nx: y", "https://a.example/\x00", "https://a.example:8443/",
        "https://a.example:80/", "https://a.example:99999/", "https://127.1/", "https://0x7f000001/", "https://2130706433/",
        "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://bücher.example/", "https://[::1/", "https://a%2eexample/",
        "https://a.example/" + "x" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_not(url: str) -> None:
    with pytest.raises(Unfetched) as caught:
        read_media_url(url, http=False)
    assert "example" not in caught.value.says


def test_plain_http_is_fetched_where_the_table_says_so_and_from_its_port_only() -> None:
    origin, _ = read_media_url("http://a.example/x", http=True)
    assert (origin.scheme, origin.port) == ("http", 80)
    for url in ("http://a.example:443/", "http://a.example:8080/", "https://a.example:80/"):
        with pytest.raises(Unfetched, match="usual port"):
            read_media_url(url, http=True)


def test_web_urls_only_are_candidates() -> None:
    assert all(map(is_web_url, ("https://a", "HTTP://a")))
    assert not any(map(is_web_url, ("gs://bucket/x", "data:image/png;base64,AA==", "", "file-123")))


@pytest.mark.parametrize(
    ("kind", "told", "mime"),
    [
        ("image", b"image/png", "image/png"),
        ("image", b"Image/JPEG; x=y", "image/jpeg"),
        ("image", b"image/svg+xml", "image/svg+xml"),
        ("file", b"application/pdf", "application/pdf"),
        ("file", b"text/plain; charset=utf-8", "text/plain"),
        ("file", b'text/csv; charset="UTF-8"', "text/csv"),
    ],
)
def test_types_that_fit(kind: str, told: bytes, mime: str) -> None:
    assert media_type_of(kind, told) == mime


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("image", None), ("image", b""), ("image", b"text/html"), ("image", b"application/octet-stream"), ("image", b"image/"),
        ("image", b"image/png, text/html"), ("image", b"image/p\xffg"), ("image", b"image/png\x01"),
        ("file", b"application/octet-stream"), ("file", b"image/png"), ("file", b"application/json"),
        ("file", b"text/plain; charset=iso-8859-1"),
    ],
)  # fmt: skip
def test_types_that_do_not(kind: str, told: bytes | None) -> None:
    with pytest.raises(Unfetched) as caught:
        media_type_of(kind, told)
    assert caught.value.says.isprintable()


def test_where_a_url_stands() -> None:
    url = "https://a.example/x"
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]
    assert place_of({"user": url, "messages": [{"content": "hi"}, {"content": parts}]}, url) == (
        "messages[1].content[1].image_url.url"
    )
    assert place_of({"input": [{"content": [{"file_url": url}, {"file_url": url}]}]}, url) == "input[0].content[0].file_url"
    assert place_of({"contents": [{"parts": [{"fileData": {"fileUri": url}}]}]}, url) == "contents[0].parts[0].fileData.fileUri"
    assert place_of({"messages": []}, url) == "messages"
    deep: object = url
    for _ in range(5000):
        deep = [deep]
    assert len(place_of({"messages": deep}, url)) < 140
