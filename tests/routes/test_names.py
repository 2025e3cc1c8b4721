from __future__ import annotations

from tests.tools.tables import checked, codes

HEALTH = 'routes: [{match: "GET /health", pipeline: [health]}]\n'
ECHO = "version: 1\nproviders: {echo: {kind: echo}}\n"


def pools(**of: list[str]) -> str:
    rows = "".join(f"  {name}: {{strategy: random, of: [{', '.join(members)}]}}\n" for name, members in of.items())
    return ECHO + "pools:\n" + rows + HEALTH


def test_every_reference_is_told_with_the_place_of_what_was_meant() -> None:
    text = ECHO + "models: [{name: a, provider: ecoh}]\n" + HEALTH
    (complaint,) = checked(text).complaints
    assert complaint.code == "R030"
    assert complaint.hint == "did you mean `echo` (declared at routes.yaml:2)?"
    assert complaint.where == "models[0].provider"


def test_a_default_model_may_be_one_that_a_pattern_takes() -> None:
    models = 'models: [{name: "claude-*", provider: echo}]\n'
    assert "R032" not in codes(ECHO + models + "default: {model: claude-x}\n" + HEALTH)
    assert "R032" in codes(ECHO + models + "default: {model: gpt}\n" + HEALTH)
    assert "R032" not in codes(ECHO + models + "default: {provider: echo, model: gpt}\n" + HEALTH)


def test_what_is_used_only_by_an_inline_pipeline_or_another_pool_is_used() -> None:
    assert "R054" in codes(pools(a=["echo"]))
    assert codes(pools(a=["echo"], b=["a"]) + "default: {provider: b}\n") == []


def test_a_wrong_reference_does_not_make_the_right_one_unused() -> None:
    text = ECHO + "pools: {fast: {strategy: random, of: [echo]}}\ndefault: {provider: fats}\n" + HEALTH
    assert codes(text) == ["R030"]
    text = ECHO + 'pipelines: {line: [health]}\nroutes: [{match: "GET /health", pipeline: lien}]\n'
    assert codes(text) == ["R033"]


def test_the_name_of_a_kind_leads_to_the_provider_of_that_kind() -> None:
    text = "version: 1\nproviders: {local: {kind: ollama}}\ndefault: {provider: ollama}\n" + HEALTH
    (complaint,) = checked(text).complaints
    assert (complaint.code, complaint.hint) == ("R030", "`ollama` is the kind of `local`")
