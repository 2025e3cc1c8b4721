"""`engine schema`: writes the JSON Schemas that editors use, or says that they are stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.routes.schema import schema_files
from engine.runtime.table import parts

if TYPE_CHECKING:
    import argparse

HELP = "write schemas/ from the parts' own code, or with --check say whether they are current"
EXAMPLE = """  engine schema
  engine schema --check               # exit 1 when a file is stale
  engine schema --into editor/"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    parser.add_argument("--into", default="schemas", help="the folder (default: schemas)")


def run(args: argparse.Namespace) -> int:
    folder = Path(args.into)
    wanted = {folder / name: text for name, text in schema_files(parts()).items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    left_over = sorted(set(folder.rglob("*.json")) - set(wanted)) if folder.is_dir() else []
    if args.check:
        for path in [*stale, *left_over]:
            print(f"{path} is stale; run `engine schema`", file=sys.stderr)
        return 1 if stale or left_over else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
        print(f"wrote {path}")
    for path in left_over:
        path.unlink()
        print(f"removed {path}")
    return 0
