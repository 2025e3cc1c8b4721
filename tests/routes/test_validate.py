from __future__ import annotations

import pytest

from engine.routes.desk import Desk
from engine.routes.draft import Draft
from engine.routes.text import load
from engine.routes.validate import validate
from tests.tools.tables import codes, parts, says

ROUTES = 'routes: [{match: "GET /health", pipeline: [health]}]\n'


def draft_of(text: str) -> tuple[Draft, Desk]:
    root, _ = load(text, "f")
    assert root is not None
    desk = Desk("f")
    return validate(root, parts(), desk), desk


def test_every_section_becomes_its_part() -> None:
    draft, desk = draft_of(
        "version: 1\nserver: {workers: 2, timeouts: {head: 3s}}\nproviders: {e: {kind: echo, wait: 1s}}\n"
        "pools: {p: {strategy: race, of: [e], timeout: 20s}}\nmodels: [{name: m, provider: p}]\ndefault: {model: m}\n" + ROUTES
    )
    assert desk.complaints == []
    assert draft.server is not None
    assert (draft.server.workers, draft.server.timeouts.head, draft.server.timeouts.body) == (2, 3.0, 60.0)
    words = draft.providers["e"].words
    assert words is not None
    assert words.wait == 1.0
    assert draft.pools["p"].own.timeout == 20.0
    assert draft.default is not None
    assert draft.default.model == "m"
    assert draft.routes[0].methods == ("GET",)


def test_what_is_wrong_in_one_place_leaves_the_rest_readable() -> None:
    draft, desk = draft_of("version: 1\nproviders: {a: {kind: nope}, b: {kind: echo}, c: 7}\n" + ROUTES)
    assert list(draft.providers) == ["a", "b", "c"]
    assert [p.words is None for p in draft.providers.values()] == [True, False, True]
    assert {c.code for c in desk.complaints} == {"R037", "R022"}


@pytest.mark.parametrize("version", ["2", "true", "'1'", "1.0", "[1]", "null"])
def test_only_version_one_is_read(version: str) -> None:
    found = codes(f"version: {version}\n" + ROUTES)
    assert found == [] if version == "1.0" else ["R025"]


def test_sections_that_begin_with_x_are_room_for_anchors() -> None:
    assert codes("version: 1\nx-any: {thing: [1, 2]}\n" + ROUTES) == []
    assert codes("version: 1\nxany: 1\n" + ROUTES) == ["R020"]


@pytest.mark.parametrize("section", ["providers", "pools", "pipelines", "models", "routes", "server", "default"])
@pytest.mark.parametrize("value", ["1", "text", "null", "[[]]", "{a: 1}", "[1]"])
def test_a_section_of_the_wrong_shape_is_a_complaint(section: str, value: str) -> None:
    text = "version: 1\n" + (ROUTES if section != "routes" else "") + f"{section}: {value}\n"
    assert set(codes(text)) & {"R020", "R021", "R022", "R023"}


def test_names_stand_in_metrics_and_logs() -> None:
    for name in ("a b", "a/b", "ä", "", "-a", "a" * 65):
        assert "R023" in codes(f'version: 1\nproviders: {{"{name}": {{kind: echo}}}}\n' + ROUTES)


def test_a_stage_is_no_pipeline() -> None:
    text = 'version: 1\nroutes: [{match: "GET /health", pipeline: health}]\n'
    assert says(text, "R033") == ["there is no pipeline `health`"]


@pytest.mark.parametrize(("pipeline", "method"), [("[health]", "GET"), ("[decode]", "POST"), ("[nothing]", "POST")])
def test_the_method_that_a_match_lacks_is_the_one_that_its_pipeline_needs(pipeline: str, method: str) -> None:
    _, desk = draft_of(f'version: 1\nroutes: [{{match: "/x", pipeline: {pipeline}}}]\n')
    assert f"write `{method} /x`" in [c.hint for c in desk.complaints]
