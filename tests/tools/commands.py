"""Runs a command in this process, as the command line would."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from engine.cli import main

ROOT = Path(__file__).parents[2]

GOOD = """
version: 1
providers:
  echo: {kind: echo}
  openai: {kind: openai, keys: ["${OPENAI_API_KEY:-}"]}
models:
  - {name: echo, provider: echo}
  - {name: gpt-4o, provider: openai}
pipelines:
  chat: [{auth: {keys: ["${GATEWAY_KEY}"]}}, decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
"""
BAD = GOOD.replace("provider: openai}", "provider: opneai}").replace("kind: echo", "kind: ecko")


@dataclass
class Ran:
    code: int
    out: str
    err: str


def ran(*argv: str) -> Ran:
    """The command's exit code and what it printed. argparse's own exits are codes too."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(list(argv))
        except SystemExit as exit:
            code = int(exit.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())
