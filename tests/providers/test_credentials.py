from __future__ import annotations

import pytest

from engine.providers.credentials import STYLES, credential_pairs
from engine.secret import Secret


@pytest.mark.parametrize(
    ("style", "pairs"),
    [
        ("bearer", ((b"authorization", b"Bearer key-1"),)),
        ("x-api-key", ((b"x-api-key", b"key-1"),)),
        ("x-goog-api-key", ((b"x-goog-api-key", b"key-1"),)),
        ("api-key", ((b"api-key", b"key-1"),)),
        ("none", ()),
    ],
)
def test_how_a_key_is_sent(style: str, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
    assert credential_pairs(style, Secret("key-1")) == pairs


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("key", [None, Secret("")])
def test_no_key_no_header(style: str, key: Secret | None) -> None:
    assert credential_pairs(style, key) == ()
