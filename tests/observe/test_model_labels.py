from __future__ import annotations

from engine.observe.model_labels import MOST_NAMES, ModelLabels
from engine.program import Model

MODELS = (Model("gpt-4o", "openai"), Model("claude-*", "anthropic"))


def test_names_and_patterns_of_the_table_are_labels_and_nothing_else() -> None:
    labels = ModelLabels(MODELS)
    assert [labels[name] for name in ("gpt-4o", "claude-4", "claude-*", "", "mine")] == [
        *("gpt-4o", "claude-*", "claude-*", "other", "other")
    ]


def test_what_is_remembered_of_client_given_names_is_bounded() -> None:
    labels = ModelLabels(MODELS)
    for n in range(MOST_NAMES * 3):
        assert labels[f"made-up-{n}"] == "other"
    assert len(labels) <= MOST_NAMES + len(MODELS)
    assert labels["claude-later"] == "claude-*"
