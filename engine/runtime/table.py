"""routes.yaml on disk: the file, its `.env`, and what a check says of them. Start, reload and every command read it here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import engine.stages
import engine.strategies
from engine.formats import FORMATS
from engine.parts import Registry, Stage
from engine.providers.catalog import KINDS
from engine.routes.compile import Checked, check
from engine.routes.dotenv import read_dotenv
from engine.routes.shape import Parts
from engine.strategies.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from engine.complaint import Complaint

MOST = 1024 * 1024  # bytes of a table; more is a mistake
MOST_SECRET = 64 * 1024  # bytes of a secret's file


class Unreadable(Exception):
    """The file cannot be read at all; says why in one line."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: one text and one environment, so that what was checked is what is served."""

    file: str
    text: str
    environ: Mapping[str, str]
    complaints: tuple[Complaint, ...] = ()  # about the `.env` beside it

    def check(self, read_file: Callable[[str], str] | None = None) -> Checked:
        """What is wrong with the table and its `.env`. `read_file` reads the secret files that it names."""
        checked = check(self.text, self.file, self.environ, read_file or read_secret_file, parts())
        if not self.complaints:
            return checked
        return Checked(None, [*self.complaints, *checked.complaints])


@cache
def parts() -> Parts:
    """Every part of the engine, by kind."""
    return Parts(
        stages=Registry.of_folder("stage", engine.stages, Stage),
        strategies=Registry.of_folder("strategy", engine.strategies, Strategy),
        formats=FORMATS,
        kinds=KINDS,
    )


def read_table(path: Path, environ: Mapping[str, str] = os.environ, env_file: Path | None = None) -> Table:
    """Reads the table and `env_file`, or else the `.env` beside it; the process environment wins. Neither need be there.

    Raises Unreadable."""
    where = env_file or path.parent / ".env"
    dotenv, complaints = read_dotenv(_read_text(where, missing=""), str(where))
    return Table(str(path), _read_text(path), {**dotenv, **environ}, tuple(complaints))


def read_secret_file(path: str) -> str:
    """What `${file:...}` stands for. Raises OSError or ValueError."""
    with open(path, "rb", opener=_open_at_once) as file:
        data = file.read(MOST_SECRET + 1)
    if len(data) > MOST_SECRET:
        raise ValueError("too large for a secret")
    return data.decode()


def _open_at_once(path: str, flags: int) -> int:
    """A pipe that nobody writes to any more (`engine run <(...)`, then SIGHUP) is empty; opened as usual it would stop the
    supervisor for good (F-63)."""
    fd = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(fd, True)
    return fd


def _read_text(path: Path, missing: str | None = None) -> str:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            data = file.read(MOST + 1)
        if len(data) > MOST:
            raise Unreadable(f"{path} is larger than 1 MiB")
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        if missing is not None:
            return missing
        raise Unreadable(f"{path} does not exist") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
