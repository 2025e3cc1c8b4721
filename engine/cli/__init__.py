"""Commands: the file's name is the command.

A command file has `HELP` (one line), `EXAMPLE` (lines that a reader may copy), `arguments(parser)` and `run(args)`, which
returns the exit code.
Exit codes: 0 done, 1 the table is wrong or the work failed, 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING

import engine
from engine.runtime.mistakes import in_full

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


def main(argv: Sequence[str] | None = None) -> int:
    """The `engine` command. Returns the exit code."""
    args = _parser().parse_args(argv)
    if args.command is None:
        _parser().print_help()
        return 2
    try:
        code: int = args.run(args)
    except BrokenPipeError:  # `engine parts | head`: the reader has seen enough
        sys.stderr.close()
        return 0
    except Exception as mistake:  # without its text, which may quote a key
        sys.stderr.write(in_full(mistake))
        return 1
    return code


def commands() -> dict[str, ModuleType]:
    """Every command of the folder, by name."""
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="engine", description="A declarative AI gateway: routes.yaml, checked and served.")
    parser.add_argument("--version", action="version", version=f"engine {engine.__version__}")
    words = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, module in commands().items():
        command = words.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=f"examples:\n{module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(command)
        command.set_defaults(run=module.run)
    return parser
