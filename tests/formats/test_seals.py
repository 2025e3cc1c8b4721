from __future__ import annotations

import orjson
import pytest

from engine.chat import Seal, Thinking
from engine.formats import FORMATS
from engine.formats.seals import carry, holds_envelope, id_with, id_without, opened, opened_thought

SEALS = [Seal(name, "EqQB+/=") for name in FORMATS]


@pytest.mark.parametrize("into", FORMATS)
@pytest.mark.parametrize("seal", SEALS)
def test_a_seal_comes_back_byte_for_byte_to_its_issuer(seal: Seal, into: str) -> None:
    assert opened(carry(seal, into), into) == seal
    assert (carry(seal, into) == seal.value) is (seal.issuer == into)


@pytest.mark.parametrize("into", [name for name in FORMATS if name != "anthropic_messages"])
@pytest.mark.parametrize("redacted", [True, False])
def test_a_redacted_thought_stays_one(into: str, redacted: bool) -> None:
    """Its issuer has a field of its own for such."""
    seal = Seal("anthropic_messages", "S")
    assert opened_thought("t", carry(seal, into, redacted=redacted), into) == Thinking("t", seal, redacted=redacted)


def test_a_thought_without_a_seal() -> None:
    assert opened_thought("t", "", "openai_responses") == Thinking("t")


@pytest.mark.parametrize("value", ["gw1.", "gw1.x", "gw1..Uw", "gw1.x.!", "plain"])
def test_what_is_no_envelope_is_the_formats_own(value: str) -> None:
    assert opened(value, "openai_responses") == Seal("openai_responses", value)


@pytest.mark.parametrize("seal", SEALS)
def test_a_seal_behind_an_id(seal: Seal) -> None:
    assert id_without(id_with("call_1", seal)) == ("call_1", seal)
    assert id_without(id_with("call_1", None)) == ("call_1", None)


def test_an_id_that_only_looks_sealed_stays() -> None:
    assert id_without("call_1~gw1.!") == ("call_1~gw1.!", None)


@pytest.mark.parametrize("into", FORMATS)
@pytest.mark.parametrize("seal", SEALS)
def test_an_envelope_in_a_body_is_seen(seal: Seal, into: str) -> None:
    own = seal.issuer == into
    if into == "openai_chat":
        body = orjson.dumps({"tool_calls": [{"id": id_with("call_1", None if own else seal)}]})
    else:
        body = orjson.dumps({"said": [{"signature": carry(seal, into)}]})
    assert holds_envelope(body, into) is not own


def test_a_seal_behind_an_id_is_seen() -> None:
    assert holds_envelope(orjson.dumps({"id": id_with("call_1", SEALS[0])}), "openai_chat")
    assert not holds_envelope(b'{"says": "version gw1.0 is out"}', "openai_chat")
