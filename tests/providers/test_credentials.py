from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.providers.credentials import STYLES, credential_pairs, quoting_no_key, without_key
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


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b'Incorrect API key provided: sk-canary/0"1. And sk-canary/0"1!', b"Incorrect API key provided: ***. And ***!"),
        (b'{"message":"sk-canary/0\\"1"}', b'{"message":"***"}'),
        (b'{"message":"sk-canary\\/0\\"1"}', b'{"message":"***"}'),
        (b"nothing", b"nothing"),
        (b"", b""),
    ],
)
def test_a_key_that_is_quoted_is_blotted_out(text: bytes, left: bytes) -> None:
    assert without_key(text, Secret('sk-canary/0"1')) == left


def test_no_key_and_a_key_of_few_characters_blot_out_nothing() -> None:
    for key in (None, Secret(""), Secret("model")):
        assert without_key(b"the model", key) == b"the model"


@pytest.mark.parametrize(
    ("detail", "left"),
    [
        ("no access for sk-canary-0123", "no access for ***"),
        ("no access for sk-canary-01", "no access for ***"),  # cut short
        ("sk-canary-0123 and sk-canary", "*** and ***"),
        ("no access for sk-cana", "no access for sk-cana"),
        ("", ""),
    ],
)
def test_a_providers_words_do_not_quote_the_key(detail: str, left: str) -> None:
    assert quoting_no_key(Fault("upstream_refused", detail), Secret("sk-canary-0123")).detail == left
    assert quoting_no_key(Fault("upstream_refused", detail), None).detail == detail
