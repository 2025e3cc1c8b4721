"""`engine parts`: every building block, from its own code."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

from engine.formats import FORMATS
from engine.routes.formats_page import write_formats, write_summary
from engine.routes.reference import KINDS, Entry, entries, write_entry, write_errors, write_reference
from engine.routes.shape import SECTIONS
from engine.runtime.table import parts

if TYPE_CHECKING:
    import argparse

HELP = "list the building blocks, or tell all about one: what it does, its options, an example"
EXAMPLE = """  engine parts
  engine parts stage
  engine parts stage call"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    parser.add_argument("name", nargs="?", help="one part only, told in full")
    parser.add_argument("--errors", action="store_true", help="what clients may be told, as docs/errors.md holds it")
    formats = "what is lost between wire formats, as docs/formats.md holds it; `summary`: the README's table"
    parser.add_argument("--formats", nargs="?", choices=("page", "summary"), const="page", help=formats)
    parser.add_argument("--markdown", action="store_true", help="the whole reference, as docs/routes.md holds it")


def run(args: argparse.Namespace) -> int:
    if args.errors:
        print(write_errors(), end="")
        return 0
    if args.formats:
        print(write_formats(FORMATS) if args.formats == "page" else write_summary() + "\n", end="")
        return 0
    if args.markdown:
        print(write_reference(parts(), SECTIONS), end="")
        return 0
    chosen = [entry for entry in entries(parts()) if args.kind in (None, entry.kind)]
    if args.name is None:
        _list(chosen)
        return 0
    found = [entry for entry in chosen if entry.word == args.name]
    if not found:
        near = difflib.get_close_matches(args.name, [entry.word for entry in chosen], 1)
        print(f"engine: no {args.kind} `{args.name}`" + (f"; did you mean `{near[0]}`?" if near else ""), file=sys.stderr)
        return 2
    print(write_entry(found[0]), end="")
    return 0


def _list(chosen: list[Entry]) -> None:
    width = max(len(entry.word) for entry in chosen)
    kind = ""
    for entry in chosen:
        if entry.kind != kind:
            kind = entry.kind
            print(f"{kind}:")
        first = entry.says.split("\n\n")[0].replace("\n", " ")
        print(f"  {entry.word:<{width}}  {first}")
