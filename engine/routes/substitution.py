"""`${NAME}`, `${NAME:-default}`, `${file:/path}` and `$${` in the values of a table.

No complaint ever holds a substituted value, nor a name out of the environment that the table does not give.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.complaint import Complaint
from engine.routes.node import Node, quoted, resolve
from engine.routes.text import MAX_COMPLAINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_SUBSTITUTED = 4 << 20  # characters, in the whole table

_REFERENCE = re.compile(
    r"""(?P<literal>\$\$\{)
    |\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-(?:[^}$]|\$(?!\{))*)?\}
    |\$\{file:(?P<path>(?:[^}$]|\$(?!\{))+)\}
    |(?P<bad>\$\{)""",
    re.VERBOSE,
)
_BARE = re.compile(r"\$(?P<unix>[A-Z][A-Z0-9_]*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+)|%(?P<windows>[A-Za-z_][A-Za-z0-9_]*)%")
_LONGEST_NAME = 40
_MOST_ORIGINS = 3
# What no value needs; a carriage return is what a file with Windows line ends leaves on a key.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def substitute(root: Node, environ: Mapping[str, str], read_file: Callable[[str], str], file: str) -> list[Complaint]:
    """Puts values in place of the references in all scalars under `root`, in place; keys are left as they are.

    `read_file` gives the text of a secret file, and raises OSError or ValueError when it cannot. A bare scalar is read
    again as YAML would (`workers: ${N}` becomes a number), but never becomes null; a quoted one stays text.
    """
    substitution = _Substitution(environ, read_file, file)
    for node in _scalars(root):
        if substitution.ended:
            break
        substitution.node(node)
    return substitution.complaints


def _scalars(node: Node) -> Iterator[Node]:
    """Every node that holds text, or whose key holds a reference."""
    if isinstance(node.value, str) or (isinstance(node.step, str) and "${" in node.step):
        yield node
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from _scalars(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from _scalars(child)


class _Unfit(Exception):
    """Code, sentence, hint."""


class _Substitution:
    def __init__(self, environ: Mapping[str, str], read_file: Callable[[str], str], file: str) -> None:
        self.complaints: list[Complaint] = []
        self._environ = environ
        self._read_file = read_file
        self._file = file
        self._files: dict[str, str | None] = {}
        self._room = MAX_SUBSTITUTED

    @property
    def ended(self) -> bool:
        return self._room < 0 or len(self.complaints) >= MAX_COMPLAINTS

    def node(self, node: Node) -> None:
        if node.key_line and isinstance(node.step, str) and "${" in node.step:
            says, where = "only values are substituted, not keys", node.path
            place = (self._file, node.key_line, node.key_column)
            self.complaints.append(Complaint(*place, "R011", where, says, "", max(node.key_length, 1)))
        if isinstance(node.value, str) and "${" in node.value:
            self._text(node, node.value)

    def _text(self, node: Node, text: str) -> None:
        pieces: list[str] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            if self.ended:
                break
            pieces.append(text[end : found.start()])
            try:
                pieces.append(self._meaning(node, found, 0 if end else len(text)))
            except _Unfit as unfit:
                self._complain(node, found, *unfit.args)
                node.failed = True
            end = found.end()
        pieces.append(text[end:])
        node.origin = _origin(text, self._environ) if node.substituted else ""
        node.text = "" if node.failed else "".join(pieces)
        node.value = None if node.failed else _read_again(node)

    def _meaning(self, node: Node, found: re.Match[str], around: int) -> str:
        self._take(around)
        if found["literal"]:
            return "${"
        if found["bad"]:
            raise _Unfit("R011", *_malformed(found.string[found.start() : found.start() + 4096]))
        node.substituted = True
        value = self._variable(found) if found["name"] else self._secret_file(found["path"])
        self._take(len(value))
        if _CONTROL.search(value):
            hint = "is there a carriage return at a line end?" if "\r" in value else ""
            raise _Unfit("R014", "the substituted value holds a control character or broken Unicode", hint)
        return value

    def _take(self, characters: int) -> None:
        self._room -= characters
        if self._room < 0:
            says = f"the texts with substituted values are together longer than {MAX_SUBSTITUTED >> 20} MiB"
            raise _Unfit("R014", says, "")

    def _variable(self, found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        value = self._environ.get(name)
        if default is not None:
            return value or default[2:]
        if value is None:
            hint = f"set {name[:40]} in the environment or in `.env`, or write `${{{name[:40]}:-default}}`"
            raise _Unfit("R010", f"the environment variable {quoted(name)} is not set", hint)
        return value

    def _secret_file(self, path: str) -> str:
        if path not in self._files:
            try:
                self._files[path] = self._read_file(path)
            except (OSError, ValueError):
                # What the system says is left out: it could quote the content (a decoding error does).
                self._files[path] = None
        text = self._files[path]
        if text is None:
            hint = "does it exist, as UTF-8, readable by this user?"
            raise _Unfit("R012", f"the secret file {quoted(path)} cannot be read", hint)
        return text.removesuffix("\n").removesuffix("\r")

    def _complain(self, node: Node, found: re.Match[str], code: str, says: str, hint: str) -> None:
        column, length = node.column, node.length
        # The exact place is known when the text stands in the file as it is: on one line and without escapes.
        around = 0 if node.bare else 1
        if len(found.string) + 2 * around == node.length:
            column, length = node.column + around + found.start(), found.end() - found.start()
        self.complaints.append(Complaint(self._file, node.line, column, code, node.path, says, hint, max(length, 1)))


def bare_variable(text: str) -> str:
    """How `$NAME` or `%NAME%`, which mean nothing here, was probably meant: `${NAME}`; "" for any other text. A name that
    could be a password by its looks is not repeated."""
    found = _BARE.fullmatch(text)
    if not found:
        return ""
    name = found["unix"] or found["windows"]
    return f"${{{name}}}" if "_" in name and name.isupper() and len(name) <= _LONGEST_NAME else "${NAME}"


def _origin(text: str, environ: Mapping[str, str]) -> str:
    """Where the value of a text with references comes from."""
    said = []
    for found in _REFERENCE.finditer(text):
        if found["name"]:
            name = found["name"][:_LONGEST_NAME]
            defaulted = found["default"] is not None and not environ.get(found["name"])
            state = "empty" if found["name"] in environ else "not set"
            said.append(f"the default of `{name}`, which is {state}" if defaulted else f"the variable `{name}`")
        elif found["path"]:
            said.append("a file")
    return " and ".join(dict.fromkeys(said[:_MOST_ORIGINS]))


def _read_again(node: Node) -> str | int | float | bool:
    if not (node.bare and node.substituted):
        return node.text
    value = resolve(node.text)
    return node.text if value is None else value


def _malformed(rest: str) -> tuple[str, str]:
    """What is wrong with a `${...`, and a better way to write it. The text itself is not repeated: it may be a secret."""
    inside, closed, _ = rest[2:].partition("}")
    if not closed:
        return "this `${` has no `}`", "a literal `${` is written `$${`"
    if not inside.strip():
        return "`${}` names nothing", "write `${NAME}`"
    if "${" in inside:
        return "a `${...}` cannot hold another one", ""
    if inside != inside.strip():
        return "a `${...}` has no spaces inside", "write `${NAME}`"
    if re.match(r"file:?$", inside):
        return "`${file:...}` names no file", "write `${file:/path/to/secret}`"
    if re.match(r"[A-Za-z_][A-Za-z0-9_]*:?[-=?+:]?", inside):
        return "this is neither `${NAME}` nor `${NAME:-default}`", "a default comes after `:-`"
    return "no variable can have this name", "a name has letters, digits and `_`, and no digit first"
