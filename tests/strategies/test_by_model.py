from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faults import Fault
from engine.program import Default, Model
from engine.strategies.by_model import LONGEST_NAME, ByModel
from engine.targets import Considered
from tests.tools.play import bound, play, program, provider

MODELS = (
    Model("claude-*", "anthropic"),
    Model("gpt-4o", "openai"),
    Model("claude-special", "local"),
    Model("claude-3*", "local"),
    Model("smart", "reliable", "gpt-4o"),
    Model("gpt-4o-mini", "openai"),
    Model("a?[b]*c", "local"),
    Model("dear", "keyless"),
)
PROVIDERS = [
    provider("openai", keys=2),
    provider("anthropic"),
    provider("local"),
    provider("keyless", unavailable="`keyless` has no key: set KEYLESS_API_KEY"),
]
POOLS = {"reliable": {"strategy": "fallback", "of": ["openai", "keyless", "local"]}}


def by_model(default: Default | None = None) -> ByModel:
    made = program(PROVIDERS, MODELS, POOLS, default)
    return ByModel(made, bound(made, lambda: 0.5))


def asked(name: str, default: Default | None = None) -> str:
    return play(by_model(default).choose(name), "ok")[0]


def refused(name: str, default: Default | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        by_model(default).choose(name)
    return caught.value


@pytest.mark.parametrize(
    ("name", "goes_to"),
    [
        ("gpt-4o", "openai openai#2"),
        ("claude-opus", "anthropic"),
        ("claude-", "anthropic"),
        ("claude-special", "local"),  # exact before any pattern, wherever it stands
        ("claude-3-haiku", "anthropic"),  # patterns in the order of the table
        ("smart", "openai:gpt-4o openai:gpt-4o#2"),
        ("a?[b]xyzc", "local"),  # only the star is special
    ],
)
def test_where_a_name_goes(name: str, goes_to: str) -> None:
    assert asked(name) == goes_to


@pytest.mark.parametrize("name", ["gpt-4O", "GPT-4o", " gpt-4o", "gpt-4o ", "xclaude-1", "ab[b]c", "ax[b]c", "claude", ""])
def test_a_name_that_is_not_quite_it_is_unknown(name: str) -> None:
    fault = refused(name)
    assert (fault.code, fault.status, fault.param) == ("unknown_model", 400, "model")


def test_the_default_provider_keeps_the_clients_name_and_the_default_model_replaces_it() -> None:
    assert asked("whatever", Default(provider="local")) == "local"
    assert asked("whatever", Default(provider="local", model="llama")) == "local:llama"
    assert asked("whatever", Default(model="gpt-4o")) == "openai:gpt-4o openai:gpt-4o#2"
    assert asked("whatever", Default(model="smart")) == "openai:gpt-4o openai:gpt-4o#2"
    assert asked("whatever", Default(model="claude-x")) == "anthropic:claude-x"
    assert asked("claude-x", Default(provider="local")) == "anthropic"
    assert asked("", Default(provider="local")) == "local"


def test_an_unknown_name_is_quoted_with_the_nearest_that_is_known() -> None:
    assert refused("gpt-4p").message == "the model is not known here: `gpt-4p`; did you mean `gpt-4o`?"
    assert refused("mistral").message == "the model is not known here: `mistral`"
    assert refused("").message == "the model is not known here: the request names no model"


def test_patterns_are_no_suggestions() -> None:
    assert "claude-*" not in refused("klaude-*").message


def test_a_long_or_unprintable_name_is_cut_and_cleaned() -> None:
    """The sink is an error body and a log line (reliability.md 1.5)."""
    said = refused("x\r\nset-cookie: a\x1b[31m\u202e" + "y" * 10_000).message
    assert "\r" not in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said) < 130


def test_a_name_longer_than_any_models_goes_nowhere() -> None:
    assert refused("claude-" + "x" * LONGEST_NAME).code == "unknown_model"
    assert refused("x" * 300, Default(provider="local")).code == "unknown_model"


def test_a_model_whose_provider_has_no_key_says_what_to_set() -> None:
    fault = refused("dear")
    assert (fault.code, fault.status) == ("model_unavailable", 503)
    assert "KEYLESS_API_KEY" in fault.message


def test_unknown_names_are_refused_quickly() -> None:
    models = [Model(f"vendor/model-{i}-instruct", "local") for i in range(1000)]
    made = program(PROVIDERS, models)
    choose = ByModel(made, bound(made, lambda: 0.5)).choose
    began = time.perf_counter()
    with pytest.raises(Fault):
        choose("vendor/modal-" + "x" * 100_000)
    assert time.perf_counter() - began < 0.5


def considered(name: str, default: Default | None = None) -> tuple[list[Considered], Any]:
    told: list[Considered] = []
    return told, by_model(default).choose(name, told)


def test_an_explanation_tells_what_was_weighed() -> None:
    told, _ = considered("claude-special", Default(provider="local"))
    assert [(c.name, c.chosen) for c in told] == [
        ("claude-special", True),
        ("claude-*", False),
        ("default", False),
        ("local", True),
    ]
    told, _ = considered("smart")
    assert [(c.name, c.chosen) for c in told] == [
        ("smart", True),
        ("openai:gpt-4o", True),
        ("openai:gpt-4o#2", False),
        ("keyless", False),
        ("local:gpt-4o", False),
    ]
    assert "KEYLESS_API_KEY" in told[3].why


def test_a_plan_that_was_explained_goes_on_as_any_other() -> None:
    _, plan = considered("smart")
    assert play(plan, "upstream_error", "upstream_error") == ["openai:gpt-4o openai:gpt-4o#2", "local:gpt-4o"]
    _, plan = considered("smart")
    assert play(plan, "upstream_refused") == ["openai:gpt-4o openai:gpt-4o#2"]


def test_an_explanation_of_a_refusal_tells_too() -> None:
    told: list[Considered] = []
    with pytest.raises(Fault):
        by_model().choose("nope", told)
    assert told == []
    with pytest.raises(Fault):
        by_model().choose("dear", told)
    assert [c.name for c in told] == ["dear"]


def test_an_explained_race_names_all_who_run() -> None:
    made = program(PROVIDERS, [Model("m", "fast")], {"fast": {"strategy": "race", "of": ["openai", "local"]}})
    told: list[Considered] = []
    ByModel(made, bound(made, lambda: 0.5)).choose("m", told)
    assert [(c.name, c.why) for c in told if c.chosen][1:] == [("openai", "raced"), ("local", "raced")]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(max_size=20).map(lambda rest: "claude-" + rest)))
def test_any_name_is_either_planned_or_refused_with_its_code(name: str) -> None:
    here = by_model()
    if name.startswith("claude-"):
        assert here.choose(name) is not None
        return
    with pytest.raises(Fault) as caught:
        here.choose(name)
    assert caught.value.code == "unknown_model"
    assert all(c.isprintable() for c in caught.value.message)
