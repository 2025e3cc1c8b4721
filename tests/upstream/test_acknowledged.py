from __future__ import annotations

import socket

from engine.upstream.acknowledged import bytes_acknowledged


def test_what_the_peer_took_is_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs, _ = server.accept()
        with theirs:
            assert bytes_acknowledged(ours) == 0
            ours.sendall(b"x" * 1000)
            assert len(theirs.recv(4096)) == 1000
            theirs.sendall(b"y")
            assert ours.recv(1) == b"y"
            assert bytes_acknowledged(ours) == 1000


def test_what_a_closed_peer_did_not_take_is_not_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        server.accept()[0].close()
        ours.sendall(b"x" * 1000)
        assert bytes_acknowledged(ours) == 0


def test_what_is_no_connection_tells_nothing() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert bytes_acknowledged(one) is None
    assert bytes_acknowledged(one) is None
