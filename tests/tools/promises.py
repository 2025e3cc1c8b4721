"""What the engine promises under faults: invariants (I) and faults (F), each with the tests that name it.

A test belongs to a promise when its source or its docstring names it (`F-30`, `I7`); nothing else has to be registered.
`ABSENT` are faults of rooms that are not built: no test can show them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

NAMED = re.compile(r"\b(I[1-9]|F-[0-9]{2})(?![0-9])")

PROMISES = {
    "I1": "one parser, one body: after a framing error one answer, then the end of the connection",
    "I2": "what goes to a provider is written anew from parsed fields",
    "I3": "what we write is read alike by other parsers",
    "I4": "the answer never depends on how the bytes were cut",
    "I5": "a request body is read to its end, or the connection is not kept",
    "I6": "only the literal `Expect: 100-continue`, answered by us",
    "I7": "an upstream connection is used again only after a whole answer and nothing behind it",
    "I8": "no HTTP/1.0 keep-alive, no pipelining to providers",
    "I9": "routing, auth, limits and log use one raw path",
    "F-01": "connection refused",
    "F-02": "connecting hangs",
    "F-03": "names fail, are slow, change",
    "F-04": "TLS hangs, or its certificate is wrong",
    "F-05": "no first byte",
    "F-06": "a stream stalls",
    "F-07": "an answer is cut off",
    "F-08": "an answer is not valid HTTP",
    "F-09": "an answer's head is too large; a flood of 1xx",
    "F-10": "200 with a body that is no answer",
    "F-11": "200 with an error inside",
    "F-12": "an error event within a stream",
    "F-13": "429 and Retry-After",
    "F-14": "5xx: retries within a budget",
    "F-15": "the provider refuses our key",
    "F-16": "redirects",
    "F-17": "an encoded answer that nobody asked for",
    "F-18": "an answer before the request is sent",
    "F-19": "100 Continue late or never, 103, 101",
    "F-20": "trailers",
    "F-21": "a pooled connection closed while idle",
    "F-22": "bytes after an answer",
    "F-23": "HTTP/1.0, `Connection: close`, bodies that end with the connection",
    "F-24": "an upstream that drips",
    "F-25": "an answer without end",
    "F-26": "everybody comes back at once after a recovery",
    "F-27": "all targets are down",
    "F-30": "the client leaves, in every phase",
    "F-31": "the client ends its side",
    "F-32": "the client reads slowly, or not at all",
    "F-33": "heads and bodies that arrive slowly (slowloris)",
    "F-34": "thousands of idle connections",
    "F-35": "limits of sizes",
    "F-36": "pipelined requests",
    "F-37": "a flood of malformed requests",
    "F-38": "cancelled at every await",
    "F-39": "deep and huge JSON",
    "F-40": "WebSockets",
    "F-41": "overload",
    "F-42": "no descriptors left",
    "F-43": "accept and fork fail",
    "F-44": "the disk of a database is full",
    "F-45": "the database is slow, locked, gone",
    "F-46": "the log is full, closed, stopped",
    "F-47": "Redis is slow or gone",
    "F-48": "clocks jump",
    "F-49": "the process is suspended",
    "F-50": "memory runs short",
    "F-51": "the event loop is blocked",
    "F-60": "SIGTERM while streaming",
    "F-61": "a second signal",
    "F-62": "a reload",
    "F-63": "a reload of a bad table",
    "F-64": "storms of reloads",
    "F-65": "another binary takes over the port",
    "F-66": "a worker is killed",
    "F-67": "the supervisor is killed",
    "F-68": "workers that crash again and again",
    "F-69": "leftovers of fork and exec",
    "F-70": "SIGPIPE and SIGXFSZ",
    "F-71": "several workers agree",
    "F-72": "SQLite with several workers",
    "F-73": "power loss",
    "F-74": "an interrupted migration",
}

ABSENT = {
    "F-40": "no WebSockets are served yet",
    "F-44": "no database yet",
    "F-45": "no database yet",
    "F-47": "no Redis yet",
    "F-72": "no database yet",
    "F-73": "no database yet",
    "F-74": "no database yet",
}


def promises_of(test: Callable[..., object], module_doc: str = "") -> list[str]:
    """The promises that a test names, in its source or in the docstring of its module."""
    try:
        text = inspect.getsource(test)
    except (OSError, TypeError):
        text = test.__doc__ or ""
    return sorted({name for name in NAMED.findall(f"{text} {module_doc}") if name in PROMISES})


@dataclass(frozen=True)
class Measured:
    """One figure of a run. `target` is what is promised, "" where there is only the figure."""

    what: str
    value: float
    unit: str
    target: str
    held: bool

    def told(self) -> str:
        target = f" (wanted {self.target}{'' if self.held else ': MISSED'})" if self.target else ""
        return f"{self.what}: {self.value:g} {self.unit}{target}"


@dataclass
class Ledger:
    """What one run of the tests showed: outcomes by promise and test, and what was measured."""

    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    figures: dict[str, list[Measured]] = field(default_factory=dict)

    def note(self, promises: Iterable[str], test: str, outcome: str) -> None:
        """The worst outcome of a test counts."""
        for promise in promises:
            known = self.outcomes.setdefault(promise, {})
            if known.get(test) != "failed":
                known[test] = outcome

    def measured(self, promises: Iterable[str], figure: Measured) -> None:
        for promise in promises:
            self.figures.setdefault(promise, []).append(figure)

    def missed(self) -> list[str]:
        """Figures beyond what is promised, though not so far that they failed their test: a busy machine, or a fault."""
        figures = (figure for told in self.figures.values() for figure in told if not figure.held)
        return list(dict.fromkeys(figure.told() for figure in figures))

    def lines(self) -> list[str]:
        """One line per promise, and under it what was measured."""
        out = []
        for promise, says in PROMISES.items():
            tests = self.outcomes.get(promise, {})
            if promise in ABSENT and not tests:
                out.append(f"{promise:5s} {says}: {ABSENT[promise]}")
                continue
            words = ", ".join(f"{many} {word}" for word, many in sorted(_counted(tests.values()).items())) or "NO TEST"
            out.append(f"{promise:5s} {says}: {words}")
            out += [f"        {figure.told()}" for figure in self.figures.get(promise, [])]
        return out

    def markdown(self) -> str:
        """docs/reliability.md."""
        rows = "\n".join(self._row(promise) for promise in PROMISES)
        return f"{HEAD}\n{rows}\n"

    def _row(self, promise: str) -> str:
        tests = self.outcomes.get(promise, {})
        files = sorted({test.partition("::")[0] for test in tests})
        shown = ABSENT[promise] if promise in ABSENT and not tests else ", ".join(f"`{name}`" for name in files)
        figures = "; ".join(figure.told() for figure in self.figures.get(promise, []))
        return f"| {promise} | {PROMISES[promise]} | {sum(o == 'passed' for o in tests.values())} | {shown} | {figures} |"


HEAD = """# What is promised under faults, and what was measured

Generated by `pytest -m faults --promises=docs/reliability.md`. Every row is an invariant or a fault with the number of
tests that show it against what exists, where they stand, and what that run measured; timings are of one machine with two
cores, busy with the tests themselves.

| | promise | tests | shown in | measured |
| --- | --- | --- | --- | --- |"""


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
