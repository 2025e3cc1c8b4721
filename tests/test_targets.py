from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.secret import Secret
from engine.targets import Origin, Outcome, Target


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("https", "api.example.com", 443), "api.example.com"),
        (Origin("https", "api.example.com", 8443), "api.example.com:8443"),
        (Origin("http", "127.0.0.1", 80), "127.0.0.1"),
        (Origin("http", "::1", 8080), "[::1]:8080"),
    ],
)
def test_authority_leaves_out_the_schemes_own_port(origin: Origin, authority: str) -> None:
    assert origin.authority == authority
    assert str(origin) == f"{origin.scheme}://{authority}"


def test_a_target_does_not_print_its_credential() -> None:
    target = Target(
        "p:m", "p", "m", "openai_chat", Origin("https", "h", 443), "/v1",
        credential=Secret("sk-canary-123456"), pairs=((b"authorization", b"Bearer sk-canary-123456"),),
    )  # fmt: skip
    assert "canary" not in repr(target)


def test_an_outcome_without_fault_is_a_success() -> None:
    assert Outcome().ok
    assert not Outcome(Fault("upstream_error")).ok
