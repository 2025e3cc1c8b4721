"""The table of losses against the converters: what it says of a feature is what happens to it, for every pair of formats."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.chat import Asked
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.losses import CHAT, COLUMNS, FEATURES, GEMINI, MESSAGES, REPLY, REQUEST, RESPONSES, Losses, counted, lost
from tests.tools.answered import REPLIES, TOLD
from tests.tools.said import BESIDE, FIELDS, SAMPLES, WRITTEN, Document, chat, gemini, messages, responses

MODELS = {MESSAGES: "claude-sonnet-4-5", GEMINI: "gemini-2.5-pro"}
# Models that are told a level of thinking, not a budget.
LEVELS = {MESSAGES: "claude-opus-4-6", GEMINI: "gemini-3-pro"}

CASES = [
    (feature, spoken, theirs) for feature, said in SAMPLES.items() for spoken in said for theirs in COLUMNS if spoken != theirs
]


def converted(spoken: str, theirs: str, document: Document, model: str, on_loss: Any) -> tuple[str, Losses]:
    wire = FORMATS[spoken]
    asked = Asked("m", False, orjson.dumps(document), document)
    telling = Telling(read_chat(wire, asked), "a" * 24, 1, "m", Losses(spoken, on_loss))
    conversion = Conversion(wire, FORMATS[theirs], telling, on_loss)
    return conversion.request(model, Habits()).decode(), conversion.losses


def expected(feature: str, spoken: str, theirs: str) -> dict[str, str]:
    """What the table says, by the name under which it is told."""
    names = {name: FIELDS.get(name, {}).get(spoken, name) for name in {feature, *BESIDE.get(feature, ())}}
    losses = {names[name]: FEATURES[name].by[theirs].kind for name in names}
    return {name: kind for name, kind in losses.items() if kind != "exact"}


def model_for(feature: str, theirs: str) -> str:
    return (LEVELS if feature == "budget_step" else MODELS).get(theirs, "gpt-5")


@pytest.mark.parametrize("on_loss", ["warn", "drop"])
@pytest.mark.parametrize(("feature", "spoken", "theirs"), CASES)
def test_what_the_table_says_of_a_request_is_what_happens(feature: str, spoken: str, theirs: str, on_loss: str) -> None:
    document, model, told = SAMPLES[feature][spoken], model_for(feature, theirs), expected(feature, spoken, theirs)
    name = FIELDS.get(feature, {}).get(spoken, feature)
    if told.get(name) == "refused":
        with pytest.raises(Fault) as caught:
            converted(spoken, theirs, document, model, on_loss)
        assert (caught.value.code, caught.value.param) == ("unsupported", name)
        return
    written, losses = converted(spoken, theirs, document, model, on_loss)
    allowed = BESIDE.get(feature, set())
    assert {other: kind for other, kind in losses.noted.items() if other == name or other not in allowed} == {
        other: kind for other, kind in told.items() if other == name or other not in allowed
    }
    assert all(told[other] == kind for other, kind in losses.noted.items())
    assert bool(losses.told()) is (bool(losses.noted) and on_loss == "warn")
    if name not in told:
        key = WRITTEN[feature][theirs]
        assert key[1:] not in written if key.startswith("!") else key in written


@pytest.mark.parametrize(("feature", "spoken", "theirs"), CASES)
def test_on_loss_refuse_refuses_what_is_not_exact(feature: str, spoken: str, theirs: str) -> None:
    document, model, told = SAMPLES[feature][spoken], model_for(feature, theirs), expected(feature, spoken, theirs)
    if FIELDS.get(feature, {}).get(spoken, feature) not in told:
        return  # exact: whether the rest of the sample is, is another row's
    with pytest.raises(Fault) as caught:
        converted(spoken, theirs, document, model, "refuse")
    assert caught.value.code == "unsupported"
    assert caught.value.param in told


def test_every_feature_has_a_sample_in_every_format_that_says_it() -> None:
    assert {name: set(said) for name, said in SAMPLES.items()} == {row.name: set(row.said_by) for row in REQUEST}


# -- replies -----------------------------------------------------------------------------------------------------------------

QUESTIONS = {CHAT: chat(), RESPONSES: responses(), MESSAGES: messages(), GEMINI: gemini()}
REPLY_CASES = [
    (feature, spoken, theirs) for feature, said in REPLIES.items() for theirs in said for spoken in COLUMNS if spoken != theirs
]


@pytest.mark.parametrize(("feature", "spoken", "theirs"), REPLY_CASES)
def test_what_the_table_says_of_a_reply_is_what_happens(feature: str, spoken: str, theirs: str) -> None:
    wire = FORMATS[spoken]
    document = QUESTIONS[spoken]
    asked = Asked("m", False, orjson.dumps(document), document)
    losses = Losses(spoken)
    conversion = Conversion(wire, FORMATS[theirs], Telling(read_chat(wire, asked), "a" * 24, 1, "m", losses), "warn")
    body, heard = conversion.reply(orjson.dumps(REPLIES[feature][theirs]))
    assert heard.fault is None
    loss = FEATURES[feature].by[spoken]
    assert losses.noted == ({} if loss.kind == "exact" else {feature: loss.kind})
    if loss.kind == "exact":
        assert TOLD[feature][spoken] in body.decode()


def test_every_feature_of_replies_has_a_sample_of_every_provider_that_says_it() -> None:
    assert {name: set(said) for name, said in REPLIES.items()} == {row.name: set(row.said_by) for row in REPLY}


# -- the table itself --------------------------------------------------------------------------------------------------------


def test_what_is_not_exact_says_how() -> None:
    for row in FEATURES.values():
        assert set(row.by) == set(COLUMNS) == set(FORMATS)
        assert all(bool(loss.how) == (loss.kind != "exact") for loss in row.by.values()), row.name


@pytest.mark.parametrize("spoken", COLUMNS)
@pytest.mark.parametrize("theirs", COLUMNS)
def test_counts_are_of_all_that_the_pair_can_say(spoken: str, theirs: str) -> None:
    losses = lost(spoken, theirs)
    counts = counted(spoken, theirs)
    said = sum(spoken in row.said_by for row in REQUEST) + sum(theirs in row.said_by for row in REPLY)
    assert sum(counts.values()) == said
    assert sum(counts.values()) - counts["exact"] == len(losses)
    assert bool(losses) is (spoken != theirs)


def test_several_losses_are_told_in_one_line() -> None:
    up, down = Losses(RESPONSES), Losses(CHAT)
    for feature in ("seed", "top_k"):
        up.note(feature)
    down.note("reply_thinking")
    up.note("field", "logit_bias")
    assert up.told(down) == "dropped=seed,top_k,logit_bias; changed=reply_thinking"
    assert Losses(CHAT).told() == ""
