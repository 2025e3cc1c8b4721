"""`python -m bench.micro`: what the hot files cost, beside what they may cost; `--help` tells all."""

from __future__ import annotations

import argparse
import sys
from statistics import median

import orjson

from bench.micro.timing import Guard, load, measure, names

ROOM = 1.5  # a suggested budget, as a multiple of what was measured
SMOKE_NS = 200_000  # a run of --smoke


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 when `--check` finds a guard over its budget."""
    args = _arguments().parse_args(argv)
    guards = [load(name) for name in args.guards or names()]
    rounds = measure(guards, 1, SMOKE_NS) if args.smoke else measure(guards, args.rounds)
    for number in rounds:
        _tick(number, 1 if args.smoke else args.rounds)
    if args.json:
        sys.stdout.write(orjson.dumps([guard.to_json() for guard in guards], option=orjson.OPT_INDENT_2).decode() + "\n")
    elif args.suggest:
        print("\n".join(f"bench/micro/{guard.name}.py: BUDGET = {_suggested(guard)}" for guard in guards))
    else:
        print(_table(guards))
    over = [guard.name for guard in guards if guard.share > 1] if args.check and not args.smoke else []
    if over:
        print(f"over budget: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.micro", description=__doc__)
    parser.add_argument("guards", nargs="*", metavar="guard", help=f"all of them by default: {', '.join(names())}")
    parser.add_argument("--rounds", type=int, default=9, help="the median of them counts (default 9)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a guard is over its budget")
    parser.add_argument("--smoke", action="store_true", help="one quick round: does every guard run? Nothing is judged")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--suggest", action="store_true", help=f"new budgets: {ROOM} x the least that was measured")
    return parser


def _tick(number: int, rounds: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[Kround {number} of {rounds}" if number < rounds else "\r\x1b[K", end="", file=sys.stderr, flush=True)


def _suggested(guard: Guard) -> float:
    """Two digits are as much as a budget means."""
    return float(f"{min(guard.units) * ROOM:.2g}")


def _table(guards: list[Guard]) -> str:
    lines = [f"{'guard':<12}{'ns':>10}{'units':>9}{'budget':>9}{'share':>8}"]
    for guard in guards:
        ns, units = median(guard.costs), median(guard.units)
        over = "  over" if guard.share > 1 else ""
        lines.append(f"{guard.name:<12}{ns:>10,.0f}{units:>9.2f}{guard.budget:>9.2f}{guard.share:>8.0%}{over}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
