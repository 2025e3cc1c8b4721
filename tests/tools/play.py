"""Plans played: small programs to make them from, and scripted outcomes to drive them with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from engine.faults import Fault
from engine.parts import build
from engine.program import Default, Model, Pool, Program, Provider
from engine.providers.targets import targets_of
from engine.secret import Secret
from engine.settings import Server
from engine.strategies.even import Even
from engine.strategies.fallback import Fallback
from engine.strategies.members import Members
from engine.strategies.race import Racing
from engine.strategies.random import Random as AtRandom
from engine.strategies.round_robin import RoundRobin
from engine.strategies.strategy import Dice
from engine.strategies.weighted import Weighted
from engine.targets import Ask, Origin, Outcome, Plan, Race

WORDS: dict[str, type[Any]] = {
    "even": Even,
    "fallback": Fallback,
    "race": Racing,
    "random": AtRandom,
    "round_robin": RoundRobin,
    "weighted": Weighted,
}


def provider(name: str, keys: int = 1, unavailable: str = "", format: str = "openai_chat") -> Provider:
    return Provider(
        name=name,
        kind="openai",
        format=format,
        origin=Origin("https", f"{name}.example", 443),
        path="/v1",
        credential="bearer",
        keys=() if unavailable else tuple(Secret(f"sk-{name}-{i}") for i in range(keys)),
        unavailable=unavailable,
    )


def program(
    providers: Iterable[Provider] = (),
    models: Iterable[Model] = (),
    pools: Mapping[str, Mapping[str, Any]] | None = None,
    default: Default | None = None,
) -> Program:
    """Pools are written as in the table: `{"fast": {"strategy": "race", "of": ["a", "b"], "timeout": "20s"}}`."""
    made = {}
    for name, words in (pools or {}).items():
        options = {key: value for key, value in words.items() if key not in ("strategy", "of")}
        made[name] = Pool(name, words["strategy"], build(WORDS[words["strategy"]], options), tuple(words["of"]))
    return Program(
        digest="",
        server=Server(),
        providers={p.name: p for p in providers},
        pools=made,
        models=tuple(models),
        default=default,
        routes=(),
    )


def members(strategy: str, of: Iterable[Provider | str], dice: Any = None, **options: Any) -> Members:
    """One pool, named `pool`, over these providers."""
    leaves = [provider(one) if isinstance(one, str) else one for one in of]
    words = {"strategy": strategy, "of": [leaf.name for leaf in leaves], **options}
    return bound(program(leaves, pools={"pool": words}), dice or Random(7).random)


def bound(made: Program, dice: Dice = lambda: 0.5) -> Members:
    """A program's members, over the real providers' targets."""
    return Members(made, targets_of, dice)


def play(plan: Plan, *outcomes: str | tuple[str, ...]) -> list[str]:
    """What a plan asks, step by step, while each step ends as scripted: a fault's code, "ok", or for a race the codes of its
    asks. A plan must end when the script does, unless the script ends in "...": then what it asks last is left open."""
    trail = []
    script = iter(outcomes)
    step = next(plan, None)
    while step is not None:
        trail.append(told(step))
        ended = next(script)
        if ended == "...":
            return trail
        try:
            step = plan.send(outcome(ended))
        except StopIteration:
            step = None
    assert not (left := list(script)), f"the plan ended before {left}"
    return trail


def outcome(ended: str | tuple[str, ...]) -> Outcome:
    if ended == "ok":
        return Outcome()
    if isinstance(ended, tuple):
        each = tuple(Fault(code) for code in ended)
        return Outcome(each[-1], each)
    return Outcome(Fault(ended))


def told(step: Ask | Race) -> str:
    if isinstance(step, Ask):
        return " ".join(target.name for target in step.targets)
    return "race(" + ", ".join(told(ask) for ask in step.asks) + ")"
