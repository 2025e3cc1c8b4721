"""Checks route tables with the real parts, in an environment that tests own."""

from __future__ import annotations

from functools import cache

import engine.stages
import engine.strategies
from engine.formats import FORMATS
from engine.parts import Registry, Stage
from engine.program import Program
from engine.providers.catalog import KINDS
from engine.routes.compile import Checked, check
from engine.routes.shape import Parts
from engine.strategies.strategy import Strategy

ENVIRON = {
    "KEY": "sk-canary-0123456789",
    "DIGITS": "123456789012",
    "EMPTY": "",
    "WORKERS": "3",
    "TWO_LINES": "one\ntwo",
    "CONTROL": "a\x01b",
}
FILES = {"/run/secrets/key": "sk-canary-from-a-file\n", "/run/secrets/empty": "\n"}


@cache
def parts() -> Parts:
    return Parts(
        stages=Registry.of_folder("stage", engine.stages, Stage),
        strategies=Registry.of_folder("strategy", engine.strategies, Strategy),
        formats=FORMATS,
        kinds=KINDS,
    )


def read_file(path: str) -> str:
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


def checked(text: str, **environ: str) -> Checked:
    return check(text, "routes.yaml", {**ENVIRON, **environ}, read_file, parts())


def program(text: str, **environ: str) -> Program:
    """The program of a table that must have no error."""
    result = checked(text, **environ)
    assert result.program is not None, result.complaints
    return result.program


def codes(text: str, **environ: str) -> list[str]:
    return [complaint.code for complaint in checked(text, **environ).complaints]


def says(text: str, code: str) -> list[str]:
    """What is said by the complaints of one code."""
    return [complaint.says for complaint in checked(text).complaints if complaint.code == code]
