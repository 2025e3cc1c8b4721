from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from engine.faults import Fault
from engine.program import Model
from engine.strategies.even import Combinations
from engine.targets import Considered
from tests.tools.play import bound, members, play, program, provider

# The router contract's own example (G17): 18 keys x 6 models and 1 key x 6 models.
GEMINI = [Model(f"gemini-{i}", "gemini") for i in range(6)]
OPENAI = [Model(f"gpt-{i}", "openai") for i in range(6)]
PROVIDERS = [provider("gemini", keys=18), provider("openai"), provider("keyless", unavailable="set KEYLESS_API_KEY")]
IDLE = provider("idle")


def combinations(models=(*GEMINI, *OPENAI), seed: int = 114, providers=(*PROVIDERS, IDLE), pools=None) -> Combinations:  # type: ignore[no-untyped-def]
    dice = Random(seed).random
    made = program(providers, models, pools)
    return Combinations(made, bound(made, dice), dice)


def chi_square(drawn: Counter[str], cells: int) -> float:
    expected = drawn.total() / cells
    return sum((seen - expected) ** 2 / expected for seen in drawn.values()) + (cells - len(drawn)) * expected


def test_all_114_combinations_are_equally_likely() -> None:
    """G17. Chi-square with 113 degrees of freedom: beyond 156 only once in 250 fair trials; the dice are seeded."""
    choose = combinations().choose
    drawn = Counter(choose()[0].name for _ in range(57_000))
    assert len(drawn) == 114
    assert chi_square(drawn, 114) < 156.0
    gemini = sum(n for name, n in drawn.items() if name.startswith("gemini"))
    assert abs(gemini / drawn.total() - 108 / 114) < 0.004


def test_the_chi_square_would_see_a_choice_in_two_stages() -> None:
    """G19's selector: provider first, then key and model."""
    dice = Random(114)
    targets = {"gemini": [f"g{i}" for i in range(108)], "openai": [f"o{i}" for i in range(6)]}
    drawn = Counter(dice.choice(targets[dice.choice(["gemini", "openai"])]) for _ in range(57_000))
    assert chi_square(drawn, 114) > 1000


def test_the_dice_alone_decide() -> None:
    one, other = combinations(seed=5), combinations(seed=5)
    assert [one.choose()[0].name for _ in range(50)] == [other.choose()[0].name for _ in range(50)]


def test_it_says_out_of_how_many() -> None:
    """G20, and W-G9: the true number."""
    assert combinations().choose()[1] == 114
    assert combinations().choose("openai")[1] == 6
    assert combinations().choose("gemini")[1] == 108


def test_the_vendor_filter_keeps_to_one_provider() -> None:
    """G8"""
    choose = combinations().choose
    assert {choose("openai")[0].provider for _ in range(50)} == {"openai"}


@pytest.mark.parametrize(
    ("vendor", "says"),
    [
        ("anthropic", "No credentials available for vendor: anthropic"),
        ("OpenAI", "No credentials available for vendor: OpenAI"),
        ("openai ", "No credentials available for vendor: openai "),
        ("keyless", "No credentials available for vendor: keyless"),
        ("idle", "No models available for vendor: idle"),
    ],
)
def test_a_vendor_with_nothing_is_told_exactly(vendor: str, says: str) -> None:
    """G8: exact and case-sensitive."""
    with pytest.raises(Fault) as caught:
        combinations().choose(vendor)
    assert caught.value.message == says
    assert (caught.value.code, caught.value.status, caught.value.param) == ("unknown_vendor", 400, "vendor")


def test_a_hostile_vendor_is_cut_and_cleaned() -> None:
    with pytest.raises(Fault) as caught:
        combinations().choose("a\r\nb" + "x" * 1000)
    assert "\r" not in caught.value.message
    assert len(caught.value.message) < 110


def test_a_keyless_provider_with_models_has_no_credentials_rather_than_no_models() -> None:
    with pytest.raises(Fault) as caught:
        combinations([Model("k", "keyless")]).choose("keyless")
    assert caught.value.message.startswith("No credentials")


def test_an_empty_vendor_is_no_filter() -> None:
    assert combinations().choose("")[1] == 114


def test_aliases_count_once_and_patterns_only_with_a_model() -> None:
    models = [
        Model("gpt-4o", "openai"),
        Model("smart", "openai", "gpt-4o"),
        Model("o*", "openai"),
        Model("x*", "openai", "gpt-5"),
    ]
    names = {combinations(models, seed).choose()[0].name for seed in range(50)}
    assert names == {"openai:gpt-4o", "openai:gpt-5"}


def test_a_models_pool_counts_for_the_providers_below_it() -> None:
    pools = {"both": {"strategy": "fallback", "of": ["gemini", "openai"]}}
    made = combinations([Model("m", "both")], pools=pools)
    assert made.choose()[1] == 19
    assert made.choose("openai")[1] == 1


def test_nothing_to_draw_from_says_what_to_set() -> None:
    with pytest.raises(Fault) as caught:
        combinations([Model("k", "keyless")]).choose()
    assert caught.value.code == "model_unavailable"
    assert "KEYLESS_API_KEY" in caught.value.message
    with pytest.raises(Fault, match="no_models"):
        combinations([Model("g*", "openai")], providers=PROVIDERS[:2]).choose()


def test_what_models_can_do_narrows_the_choice() -> None:
    """GH2: a model that says nothing can do everything."""
    made = combinations([Model("a", "openai", can=("tools",)), Model("b", "openai", can=()), Model("c", "gemini")])
    assert made.choose()[1] == 2 + 18
    assert made.choose(demands=frozenset({"tools"}))[1] == 1 + 18
    assert made.choose("openai", demands=frozenset({"tools"}))[0].model == "a"
    with pytest.raises(Fault, match="incapable") as caught:
        made.choose("openai", demands=frozenset({"tools", "image"}))
    assert caught.value.detail == "image, tools"
    with pytest.raises(Fault, match="unknown_vendor"):
        made.choose("nobody", demands=frozenset({"tools"}))


def test_an_explanation_names_every_combination() -> None:
    told: list[Considered] = []
    winner, _ = combinations().choose("openai", told)
    assert [c.name for c in told if c.chosen] == [winner.name]
    assert len(told) == 7
    assert told[-1] == Considered("keyless", False, "set KEYLESS_API_KEY")


def test_as_a_pools_strategy_every_key_is_equally_likely() -> None:
    pool = members("even", [provider("gemini", keys=18), provider("openai")], Random(3).random)["pool"]
    drawn = Counter(play(pool.plan("m"), "ok")[0] for _ in range(9_500))
    assert len(drawn) == 19
    assert chi_square(drawn, 19) < 37.2  # 18 degrees of freedom, once in 200
