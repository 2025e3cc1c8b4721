"""Rules about secrets and dangerous calls (reliability.md, sections 1.3, 4.4 and 4.9), held by reading the code of every file.

Each rule is a function of a syntax tree, and is shown to find what it forbids before it is believed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "engine"
FILES = sorted(ENGINE.rglob("*.py"))
Finding = tuple[str, int]  # what, line

# Where a secret is turned into text, by file and function: a request is authenticated, an upstream request is written, or a
# value is judged when the table is read. A new row needs a reason as good.
REVEALED = {
    ("providers/credentials.py", "credential_pairs"),  # the header of a request to a provider
    ("providers/credentials.py", "quoting_no_key"),
    ("providers/credentials.py", "without_key"),  # taken out of what a provider says
    ("routes/supply.py", "_check_keys"),  # can it travel in a header?
    ("routes/supply.py", "_check_transport"),  # is it a proxy's URL?
    ("stages/auth.py", "bind"),  # hashed, to compare with what callers show
    ("stages/auth.py", "fingerprint"),  # hashed, to tell callers apart in the log
    ("upstream/httpx_transport.py", "__init__"),  # a proxy's URL with its password
}
# Who may read the environment: it holds keys.
ENVIRONMENT = {"cli/terminal.py", "runtime/supervisor.py", "runtime/table.py", "upstream/tls.py"}
# Who may print a stack; no other file may turn an exception into text that somebody reads.
TRACEBACKS = {"runtime/mistakes.py", "runtime/watchdog.py"}
# What an exception says: the engine's own types, worded by us, or what a person typed on the command line.
TEXTS = {
    ("cli/explain.py", "run"),
    ("cli/terminal.py", "open_table"),  # Unreadable
    ("routes/dotenv.py", "read_dotenv"),
    ("routes/substitution.py", "_text"),  # _Unfit
    ("runtime/interpreter.py", "handle"),  # which cancellation it was
    ("runtime/rehearsal.py", "_step"),  # a Fault's own words
    ("runtime/reload.py", "_read"),  # Unreadable
    ("runtime/supervisor.py", "run"),  # ListenError
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ENGINE))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the innermost function around it."""

    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else name
            yield inner, child
            yield from walk(child, inner)

    return walk(tree, "")


def dotted(node: ast.AST) -> str:
    """`os.environ` of such an expression; "" of any other."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def imported(tree: ast.AST) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


RUNS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "literal_eval", "ast.literal_eval"}
RUNS |= {f"os.{way}{how}" for way in ("exec", "spawn") for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")}
RUNS |= {"os.posix_spawn", "os.posix_spawnp", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"}
LOADS = {"subprocess", "pickle", "marshal", "shelve", "dill", "jinja2", "multiprocessing", "pty", "code"}


def runs_code(tree: ast.Module) -> Iterator[Finding]:
    """Nothing that is sent in is ever code, a template, a command or a pickle."""
    yield from ((name, call.lineno) for name, call in called(tree) if name in RUNS)
    yield from ((name, line) for name, line in imported(tree) if name.split(".")[0] in LOADS)
    for name, call in called(tree):
        if name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all"):
            yield name, call.lineno


def trusts_anybody(tree: ast.Module) -> Iterator[Finding]:
    """TLS is verified, always."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname") and _is(node.value, False):
            yield f"{node.arg}=False", node.value.lineno
        if isinstance(node, ast.Assign) and _is(node.value, False):
            yield from (("check_hostname", node.lineno) for to in node.targets if dotted(to).endswith(".check_hostname"))
        if dotted(node) in ("ssl.CERT_NONE", "ssl.CERT_OPTIONAL", "ssl._create_unverified_context", "ssl.VerifyMode.CERT_NONE"):
            yield dotted(node), getattr(node, "lineno", 0)


def _is(node: ast.AST, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def builds_sql(tree: ast.Module) -> Iterator[Finding]:
    """A statement is a constant; what varies is bound to it."""
    for name, call in called(tree):
        if name.rsplit(".", 1)[-1] in ("execute", "executemany", "executescript") and call.args:
            statement = call.args[0]
            if not (isinstance(statement, ast.Constant) or (isinstance(statement, ast.Name) and statement.id.isupper())):
                yield "a statement that is put together", call.lineno


def tells_exceptions(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """The text of a caught exception: `str(error)`, `f"{error}"`, `error.args` and the like. (Function, what, line.)"""
    for function, node in functions(tree):
        if isinstance(node, ast.ExceptHandler) and node.name:
            for inner in ast.walk(node):
                if what := _tells(inner, node.name):
                    yield function, what, inner.lineno  # type: ignore[attr-defined]


def _tells(node: ast.AST, name: str) -> str:
    if isinstance(node, ast.FormattedValue) and dotted(node.value) == name:
        return "in an f-string"
    if (
        isinstance(node, ast.Attribute)
        and node.attr in ("args", "msg", "message", "doc", "object")
        and dotted(node.value) == name
    ):
        return f".{node.attr}"
    if isinstance(node, ast.Call) and dotted(node.func) in ("str", "repr", "format", "print") and node.args:
        return f"{dotted(node.func)}()" if dotted(node.args[0]) == name else ""
    return ""


def prints_stacks(tree: ast.Module) -> Iterator[Finding]:
    yield from ((name, line) for name, line in imported(tree) if name.split(".")[0] in ("traceback", "cgitb"))


def reads_environment(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if dotted(node) in ("os.environ", "os.environb", "os.getenv"):
            yield dotted(node), node.lineno  # type: ignore[attr-defined]


SAMPLES: dict[Callable[[ast.Module], Iterator[tuple[object, ...]]], list[str]] = {
    runs_code: ["eval(x)", "import subprocess", "from pickle import loads", "os.system(x)", "yaml.load(x)"],
    trusts_anybody: ["f(verify=False)", "c.check_hostname = False", "c.verify_mode = ssl.CERT_NONE"],
    builds_sql: ['db.execute(f"select {x}")', 'db.execute("a" + x)', "db.executemany(sql, rows)", 'c.execute("%s" % x)'],
    tells_exceptions: [
        f"def f():\n try: g()\n except Exception as e:\n  {told}"
        for told in ("raise F(str(e))", 'raise F(f"no: {e}")', "raise F(e.args[0])", "return repr(e)", "print(e)")
    ],
    prints_stacks: ["import traceback", "from traceback import print_exc"],
    reads_environment: ["os.environ['A']", "os.getenv('A')"],
}


@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, codes in SAMPLES.items() for code in codes])
def test_a_rule_finds_what_it_forbids(rule: Callable[[ast.Module], Iterator[object]], code: str) -> None:
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize("rule", [runs_code, trusts_anybody, builds_sql], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_file_does_what_is_forbidden(path: Path, rule: Callable[[ast.Module], Iterator[Finding]]) -> None:
    assert not list(rule(tree_of(path)))


def test_a_secret_is_revealed_at_these_places_only() -> None:
    found = {
        (name_of(path), function)
        for path in FILES
        for function, node in functions(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "reveal" and name_of(path) != "secret.py"
    }
    assert found == REVEALED


def test_no_exceptions_text_is_told() -> None:
    """Not to a client and not to the log: an error is built from codes."""
    found = {(name_of(path), function, what) for path in FILES for function, what, _ in tells_exceptions(tree_of(path))}
    assert {(file, function) for file, function, _ in found} == TEXTS, found


def test_stacks_are_printed_in_one_place() -> None:
    assert {name_of(path) for path in FILES if list(prints_stacks(tree_of(path)))} == TRACEBACKS


def test_the_environment_is_read_in_few_places() -> None:
    assert {name_of(path) for path in FILES if list(reads_environment(tree_of(path)))} == ENVIRONMENT


def test_only_commands_print() -> None:
    printing = {name_of(path) for path in FILES for name, _ in called(tree_of(path)) if name in ("print", "pprint.pprint")}
    assert {name for name in printing if not name.startswith("cli/")} == set()
