"""`engine bench`: load for a table, from the bench suite that stands beside the engine."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

HELP = "load-test a table of yours or the plain one; every provider in it is replaced by a mock"
EXAMPLE = """  engine bench
  engine bench routes.yaml --model gpt-4o --steps 1 32 --into report/
  engine bench -- --help              # all options"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="options of `python -m bench`")


def run(args: argparse.Namespace) -> int:
    if Path("bench/__main__.py").exists():
        sys.path.insert(0, str(Path.cwd()))  # an installed command does not look into the current folder by itself
    try:
        suite = importlib.import_module("bench.__main__")
    except ModuleNotFoundError:
        print("engine: the bench suite is not here; run this in a checkout of the repository", file=sys.stderr)
        return 1
    code: int = suite.main([word for word in args.rest if word != "--"])
    return code
