from __future__ import annotations

import pytest

from engine.routes.desk import Desk
from engine.routes.draft import DraftPipeline
from engine.routes.judge import Judge
from engine.routes.pipelines import PipelineReader
from engine.routes.text import load
from tests.tools.tables import parts


def read(text: str) -> tuple[DraftPipeline, list[tuple[str, str]]]:
    node, _ = load(text, "f")
    assert node is not None
    desk = Desk("f")
    pipeline = PipelineReader(parts(), desk, Judge(desk)).read(node)
    return pipeline, [(c.code, c.hint) for c in desk.complaints]


@pytest.mark.parametrize("item", ["health", "health: {}", "{health: {}}", "health:", "health: {shape: detailed}"])
def test_a_stage_is_a_word_or_a_word_with_options(item: str) -> None:
    pipeline, complaints = read(f"- {item}\n")
    assert complaints == []
    assert pipeline.whole
    assert [stage.word for stage in pipeline.stages] == ["health"]
    assert pipeline.stages[0].part is not None


def test_a_stage_with_wrong_options_is_still_known() -> None:
    pipeline, complaints = read("[{health: {shap: text}}]")
    assert pipeline.whole
    assert pipeline.stages[0].part is None
    assert complaints == [("R020", "did you mean `shape`?")]


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("[helth]", "R034", "did you mean `health`?"),
        ("[{helth: {}}]", "R034", "did you mean `health`?"),
        ("[[health]]", "R022", "options stand behind the word: `select: {by: model}`"),
        ("[{}]", "R022", ""),
        ("[{health: {}, log: {}}]", "R022", "begin each stage with a `-` of its own"),
        ("[{health: null, shape: text}]", "R022", "indent the options further than `health`"),
        ("[{health: text}]", "R022", "write `health: {shape: text}`"),
        ("[{'health  {shape': 'text}'}]", "R034", "a `:` is missing after `health`"),
        ("['health:text']", "R034", "a space is missing after `health:`"),
        ("[]", "R044", ""),
        ("{health: {}}", "R022", ""),
    ],
)
def test_what_is_no_stage_names_the_likely_mistake(text: str, code: str, hint: str) -> None:
    pipeline, complaints = read(text)
    assert complaints == [(code, hint)]
    assert not pipeline.whole or pipeline.stages[0].part is None
