import os

from engine.runtime.channel import channel_pair


def test_messages_arrive_whole_and_in_order() -> None:
    one, other = channel_pair()
    for n in range(100):
        one.send({"n": n, "text": "é\ud800" * n})
    assert other.receive() == [{"n": n, "text": "é\ud800" * n} for n in range(100)]
    assert other.receive() == []
    other.send({"says": "ready"})
    assert one.receive() == [{"says": "ready"}]
    one.close()
    other.close()


def test_a_side_that_does_not_read_never_holds_the_other_up() -> None:
    one, other = channel_pair()
    sent = {"text": "x" * 5_000_000}
    one.send(sent)
    assert one.pending
    received = []
    while not received:
        received = other.receive()
        one.flush()
    assert received == [sent]
    assert not one.pending
    one.close()
    other.close()


def test_the_end_is_seen_after_the_last_words() -> None:
    """F-67."""
    one, other = channel_pair()
    one.send({"says": "failed"})
    one.close()
    assert other.receive() == [{"says": "failed"}]
    assert other.ended
    other.send({"do": "drain"})  # to nobody
    assert not other.pending
    assert other.receive() == []
    other.close()


def test_it_is_not_inherited_by_programs_that_are_executed() -> None:
    """F-69."""
    one, other = channel_pair()
    assert not os.get_inheritable(one.fileno())
    assert not os.get_inheritable(other.fileno())
    one.close()
    other.close()
