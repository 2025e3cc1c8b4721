"""engine/server/sockets.py: addresses and listening sockets."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

import pytest

from engine.server import sockets as subject
from engine.server.sockets import ListenError, bind_sockets, inherited_sockets, is_loopback, read_address


@pytest.fixture
def bound():
    """bind_sockets whose sockets are closed at the end."""
    opened: list[socket.socket] = []

    def bind(listen: str) -> list[socket.socket]:
        opened.extend(found := bind_sockets(listen))
        return found

    yield bind
    for sock in opened:
        sock.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:8080", ("::1", 8080)),
        ("[fe80::1%eth0]:80", ("fe80::1%eth0", 80)),
        ("localhost:0", ("localhost", 0)),
        (":8080", ("", 8080)),
        ("my-host.example:65535", ("my-host.example", 65535)),
    ],
)
def test_an_address_is_read(listen: str, address: tuple[str, int]) -> None:
    assert read_address(listen) == address


@pytest.mark.parametrize(
    "listen", ["", "8080", "::1:8080", "127.0.0.1", "127.0.0.1:", "a:70000", "a:-1", "http://a:80", "[a:80", "a :80"]
)
def test_what_is_not_an_address_is_refused_with_an_example(listen: str) -> None:
    with pytest.raises(ListenError, match=r"write `127\.0\.0\.1:8080`"):
        read_address(listen)


def test_a_socket_listens_and_is_not_inherited(bound) -> None:
    (sock,) = bound("127.0.0.1:0")
    assert not sock.get_inheritable()
    assert not sock.getblocking()
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
    with socket.create_connection(sock.getsockname()):
        pass


@needs_ipv6
def test_ipv6_is_ipv6_only(bound) -> None:
    (sock,) = bound("[::1]:0")
    assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


@needs_ipv6
def test_no_host_is_every_address_and_one_port(bound) -> None:
    found = bound(":0")
    assert {sock.getsockname()[0] for sock in found} == {"0.0.0.0", "::"}
    assert len({sock.getsockname()[1] for sock in found}) == 1


def test_localhost_is_loopback(bound) -> None:
    assert all(is_loopback(sock) for sock in bound("localhost:0"))


@pytest.mark.parametrize(("listen", "loopback"), [("127.0.0.1:0", True), ("127.0.0.2:0", True), ("0.0.0.0:0", False)])
def test_loopback_is_what_only_this_machine_reaches(bound, listen: str, loopback: bool) -> None:
    assert [is_loopback(sock) for sock in bound(listen)] == [loopback]


def test_an_address_in_use_is_a_sentence_that_names_it_and_says_what_to_do(bound) -> None:
    (sock,) = bound("127.0.0.1:0")
    listen = f"127.0.0.1:{sock.getsockname()[1]}"
    with pytest.raises(ListenError) as caught:
        bind_sockets(listen)
    assert str(caught.value).startswith(f"{listen} is already in use; stop the program")
    assert "server.listen" in str(caught.value)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0 is not an address of this machine"):
        bind_sockets("192.0.2.1:0")


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(subject.socket, "getaddrinfo", unknown)
    with pytest.raises(ListenError, match=r"nowhere\.invalid:80: the host is not known"):
        bind_sockets("nowhere.invalid:80")


@pytest.mark.parametrize(("code", "words"), [(errno.EACCES, "not permitted"), (errno.EMFILE, "cannot listen on")])
def test_other_failures_are_told_and_nothing_is_left_open(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    class Failing(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(code, "x")

    monkeypatch.setattr(subject.socket, "socket", Failing)
    with pytest.raises(ListenError, match=words):
        bind_sockets("127.0.0.1:80")


def test_a_host_with_an_address_that_is_not_here_listens_on_the_others(bound, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(subject.socket, "getaddrinfo", lambda *_, **__: both)
    assert [sock.getsockname()[0] for sock in bound("both:0")] == ["127.0.0.1"]


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The number that the first inherited descriptor has in these tests."""
    number = os.open(os.devnull, os.O_RDONLY)
    monkeypatch.setattr(subject, "_FIRST_INHERITED", number)
    yield number
    try:
        os.close(number)
    except OSError:
        pass


def test_sockets_that_are_held_for_this_process_are_taken_over(bound, first: int) -> None:
    """F-65."""
    (held,) = bound("127.0.0.1:0")
    held.setblocking(True)
    os.dup2(held.fileno(), first)
    os.set_inheritable(first, True)
    (sock,) = inherited_sockets({"LISTEN_PID": "7", "LISTEN_FDS": "1"}, 7)
    with sock:
        assert sock.getsockname() == held.getsockname()
        assert not sock.getblocking()
        assert not sock.get_inheritable()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}])
def test_sockets_that_are_held_for_another_are_left_alone(first: int, environ: dict[str, str]) -> None:
    """F-65: the variables may have come down from a parent."""
    assert inherited_sockets(environ, 7) == []


@pytest.mark.parametrize("count", ["", "-1", "x", "1000"])
def test_a_count_of_sockets_is_a_number(count: str) -> None:
    with pytest.raises(ListenError, match="LISTEN_FDS is not a number"):
        inherited_sockets({"LISTEN_PID": "7", "LISTEN_FDS": count}, 7)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_what_does_not_listen_is_no_listening_socket(first: int, kind: int) -> None:
    named = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}
    with pytest.raises(ListenError, match="is not a socket"):
        inherited_sockets(named, 7)
    with socket.socket(socket.AF_INET, kind) as idle:
        os.dup2(idle.fileno(), first)
        with pytest.raises(ListenError, match="does not listen"):
            inherited_sockets(named, 7)
