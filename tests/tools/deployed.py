"""The real `engine run` on a table of the test's own, and what a test asks of it: requests, log rows, figures."""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import openai
import orjson
import uvloop
from prometheus_client.parser import text_string_to_metric_families

from tests.tools.gateway import PATIENCE, Gateway, gateway
from tests.tools.running import until

T = TypeVar("T")
CHAT = "/v1/chat/completions"

# What the command says at the end of a reload, one way or the other.
RELOADED = re.compile("the new table is served|is as before|is served on")

# Made once: reading the system's certificates takes longer than most tests.
_CONTEXT = ssl.create_default_context()


class Deployed:
    """A gateway, its table's file, and every log row so far by request id."""

    def __init__(self, running: Gateway, table: Path) -> None:
        self.running = running
        self.process = running.process
        self.said = running.said
        self.url = running.url
        self.table = table
        self.rows: dict[str, dict[str, Any]] = {}
        parts = urlsplit(self.url)
        self.address = (str(parts.hostname), int(parts.port or 0))

    def post(self, body: bytes | dict[str, Any], path: str = CHAT, **headers: str) -> httpx.Response:
        """One request on a connection of its own; header names are written with underscores."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return httpx.post(f"{self.url}{path}", content=content, headers=named(headers), timeout=PATIENCE, verify=_CONTEXT)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=named(headers), timeout=PATIENCE, verify=_CONTEXT)

    @contextmanager
    def sdk(self, path: str = "/v1", key: str = "none", **headers: str) -> Iterator[openai.OpenAI]:
        with (
            httpx.Client(verify=_CONTEXT, timeout=PATIENCE, headers=named(headers)) as http,
            openai.OpenAI(base_url=f"{self.url}{path}", api_key=key, max_retries=0, http_client=http) as client,
        ):
            yield client

    def row(self, request_id: str) -> dict[str, Any]:
        """The log row of this request, once it is there."""
        deadline = time.monotonic() + PATIENCE
        while request_id not in self.rows:
            try:
                row = orjson.loads(self.running.logged.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                raise AssertionError(f"no row of {request_id}; it said: {self.said}") from None
            self.rows[row["request_id"]] = row
        return self.rows[request_id]

    def row_count(self, request_id: str) -> int:
        """How many rows of this request are there by now."""
        return sum(orjson.loads(line)["request_id"] == request_id for line in list(self.running.logged.queue))

    def figure(self, name: str, **labels: str) -> float:
        """The sum of all samples of one name that have these labels."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def reload(self, sign: bool = True) -> str:
        """Has the table read again (`sign`: by SIGHUP), and returns what was said of it."""
        before = len(self.said)
        if sign:
            self.process.send_signal(signal.SIGHUP)

        def told() -> str:
            return next((line for line in self.said[before:] if RELOADED.search(line)), "")

        return str(until(told))

    def active(self, route: str = f"POST {CHAT}") -> float:
        return self.figure("engine_active_requests", route=route)


@contextmanager
def deployed(text: str, *args: str, **env: str) -> Iterator[Deployed]:
    """Serves `text`; it must listen on `${LISTEN}`. At the end: exit code 0, no traceback."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "routes.yaml"
        table.write_text(text)
        with gateway(table, *args, **env) as running:
            yield Deployed(running, table)


def chat(model: str, says: str = "hello", *, stream: bool = False, **more: Any) -> dict[str, Any]:
    """A chat request in OpenAI's format."""
    streamed = {"stream": True} if stream else {}
    return {"model": model, **streamed, "messages": [{"role": "user", "content": says}], **more}


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a client's side on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


__all__ = ["CHAT", "Deployed", "chat", "deployed", "named", "run", "until"]
