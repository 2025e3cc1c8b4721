"""`engine explain`: what would happen to a request, and nothing is sent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.terminal import open_table, say_complaints, table_argument
from engine.routes.explain import render_json, render_text
from engine.runtime.rehearsal import rehearse
from engine.web import Headers, Request

if TYPE_CHECKING:
    import argparse

HELP = "show the route, its stages, the target and the upstream request for a request; nothing is sent"
EXAMPLE = """  engine explain POST /v1/chat/completions -d '{"model": "smart", "messages": []}'
  engine explain POST /v1/chat/completions -d @request.json -H 'authorization: Bearer ...'
  engine explain GET /v1/models --format json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD", type=str.upper)
    parser.add_argument("path", metavar="PATH", help="with its query, as in the request line")
    parser.add_argument("-d", "--data", default="", metavar="BODY", help="the body; @FILE reads a file, @- stdin")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'", help="may be given again")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    table_argument(parser, positional=False)


def run(args: argparse.Namespace) -> int:
    table = open_table(args.table)
    if table is None:
        return 1
    checked = table.check()
    if checked.program is None:
        say_complaints(table, checked)
        return 1
    try:
        request = _request(args)
    except (ValueError, OSError) as why:
        print(f"engine: {why}", file=sys.stderr)
        return 2
    told = asyncio.run(rehearse(checked.program, request))
    print(render_json(told) if args.format == "json" else render_text(told), end="")
    return 0 if told.fault is None else 1


def _request(args: argparse.Namespace) -> Request:
    if not args.path.startswith("/"):
        raise ValueError(f"a path begins with `/`: /{args.path}")
    path, _, query = args.path.partition("?")
    pairs = [_pair(line) for line in args.header]
    if args.data and not any(name == b"content-type" for name, _ in pairs):
        pairs.append((b"content-type", b"application/json"))
    return Request(args.method, path, query, Headers(pairs), body=_body(args.data))


def _pair(line: str) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ValueError(f"a header is `NAME: VALUE`, not `{name}`")
    return name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")


def _body(text: str) -> bytes:
    if text == "@-":
        return sys.stdin.buffer.read()
    return Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
