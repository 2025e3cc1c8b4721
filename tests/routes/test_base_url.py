from __future__ import annotations

import pytest

from engine.routes.base_url import BadUrl, is_loopback, is_private, read_base_url


@pytest.mark.parametrize(
    ("text", "origin", "path"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com", "/v1"),
        ("https://API.example.com", "https://api.example.com", ""),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434", "/v1"),
        ("http://[::1]:80", "http://[::1]", ""),
        ("http://[0:0:0:0:0:0:0:1]:8080/x", "http://[::1]:8080", "/x"),
        ("https://my_host.internal:8443/a%20b", "https://my_host.internal:8443", "/a%20b"),
        ("HTTPS://host:443/", "https://host", ""),
        ("https://h.example/pre//v1", "https://h.example", "/pre/v1"),
    ],
)
def test_reads_origin_and_path(text: str, origin: str, path: str) -> None:
    found, its_path = read_base_url(text, allow_private=True)
    assert (str(found), its_path) == (origin, path)
    assert found.allow_private


@pytest.mark.parametrize(
    "text",
    [
        "", "api.openai.com/v1", "//evil", "https:/evil", "https://", "https:///v1", "file:///etc/passwd",
        "gopher://h", "ftp://h", "data:x",
        "https://api.openai.com@127.0.0.1/", "https://127.0.0.1#.openai.azure.com/", "https://127.0.0.1\\@api.openai.com/",
        "https://api.openai.com:443@evil/", "https://h?x", "https://h/a#b", "https://h:0/", "https://h:65536/",
        "https://h:port/",
        "https://h/a b", "https://h/\r\nx", "https://h\t/", " https://h", "https://h\n", "https://[::1",
        "https://[zz]/", "https://-h/",
        "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0x7f.1/", "https://0/",
        "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://h/../x", "https://h/%zz", "https://h/{x}",
        "https://" + "a" * 300, "https://" + "a." * 1_000_000, "https://h/" + "\\x" * 1000,
        "unix:/run/x.sock", "https:h", "https:\\\\h",
        "https://h:443:443/", "https://h:+443/", "https://h: 443/", "https://h:４４３/", "https://[::1%25lo]/", "https://[::1]evil/",
        "https://h%2f@evil/", "https://h%00.example/", "https://example.com\u2044@evil/", "https://h\x00.example/", "https://h;evil/",
        "https://user@h/", "https://:pw@h/", "https://@h/", "https://h,evil/", "https://h*/", "https://1.2.3/", "https://1.2.3.4.5/",
        "https://0x7f.0.0.1/", "https://127.0.0.01/", "https://127.000.000.001/", "https://017700000001/",
    ],
)  # fmt: skip
def test_what_is_no_base_url(text: str) -> None:
    """reliability.md, appendix D: the tricks with URLs."""
    with pytest.raises(BadUrl) as bad:
        read_base_url(text, allow_private=True)
    assert "127.0.0.1" not in bad.value.says


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost.", "x.localhost", "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16", "100.100.100.200", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b:1::10.0.0.1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "fc00::1",
        "fd00:ec2::254",
        "fe80::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_private_addresses(host: str) -> None:
    """reliability.md, appendix D."""
    assert is_private(host)


@pytest.mark.parametrize(
    "host", ["api.openai.com", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::", "localhost.example.com"]
)
def test_public_hosts(host: str) -> None:
    assert not is_private(host)


def test_loopback_is_only_this_machine() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("", "0.0.0.0", "::", "10.0.0.1", "example.com"))
