from __future__ import annotations

import pytest

from engine.faults import TABLE, Blame, Fault, clipped, quoted


@pytest.mark.parametrize(("code", "row"), TABLE.items(), ids=list(TABLE))
def test_the_table_blames_as_its_status_does(code: str, row) -> None:  # type: ignore[no-untyped-def]
    assert 400 <= row.status <= 599
    if row.blame is Blame.CLIENT:
        assert row.status < 500 or code in {"not_implemented", "version_not_supported"}
    if code.startswith("upstream_"):
        assert row.blame is not Blame.CLIENT
    assert row.says
    assert row.says[0].islower(), "the sentence goes on after a colon or stands alone in an error body"


def test_an_upstreams_401_is_not_the_clients_401() -> None:
    """F-15: an SDK would think its own key bad."""
    assert Fault("upstream_auth").status == 502
    assert not Fault("upstream_auth").row.retryable


def test_a_fault_says_its_row_and_its_detail() -> None:
    assert Fault("unknown_model", "`gpt-9`").message == "the model is not known here: `gpt-9`"
    assert Fault("internal").message == "something went wrong in the gateway"
    assert Fault("upstream_refused", status=422).status == 422
    with pytest.raises(KeyError):
        Fault("no_such_code")


def test_a_row_may_let_its_detail_stand_alone() -> None:
    """G8: the message is given word by word."""
    assert Fault("unknown_vendor", "No models available for vendor: x").message == "No models available for vendor: x"
    assert Fault("unknown_vendor").message == TABLE["unknown_vendor"].says


def test_a_piece_of_the_clients_request_is_cut_and_cleaned() -> None:
    assert quoted("gpt-4o") == "`gpt-4o`"
    assert quoted("a\r\nb\x1b\u202e\ud800") == "`a??b???`"
    assert clipped("x" * 10, 10) == "x" * 10
    assert clipped("x" * 11, 10) == "x" * 10 + "..."
