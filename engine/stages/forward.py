"""Other endpoints of a provider, passed through by table: embeddings, images, audio, files, counts of tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.document import read_asked
from engine.limits.cooling import Cooling
from engine.parts import Stage, option
from engine.stages.decode import check_media_type
from engine.stages.errand import Transports
from engine.stages.forwarding import Forwarding, Terms
from engine.stages.select import members_of
from engine.strategies.by_model import ByModel
from engine.targets import Race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.chat import Asked
    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.targets import Ask, Plan

_hole = re.compile(r"\{([^{}]*)\}")
# What may stand in a path segment as it is (RFC 3986 section 3.3).
_PCHAR = "!$&'()*+,;=:@"


@dataclass(frozen=True)
class Forward(Stage):
    """Pass the request on as it is, to another endpoint of a provider, and the answer back: embeddings, images, audio, files,
    batches, counts of tokens. Method, query and body travel; the client's credentials do not, the provider's own are sent.

    Of the headers only the content type, what the client accepts and what the provider's row forwards go on, and only
    harmless ones come back. An answer is streamed, held back while the client does not read; a request's body is read whole
    first, up to the server's `limits: {body}`. It is sent once, to the first that can be asked. A provider's error comes back
    with its own status when it is JSON, its key masked; a refusal of the gateway's key is a 502, and so is a redirect. The
    gateway's own errors are written in the format that the route `speaks`."""

    example = "forward: {to: openai, below: /v1}"
    writes = frozenset({"reply", "answer"})

    to: str | None = option("The provider; of a pool, the first member that can be asked.", default=None, names="target")
    by: Literal["model"] | None = option(
        "Instead of `to`: the `model` of a JSON body decides, as the sections `models` and `default` say.", default=None
    )
    below: str = option(
        "The request's own path, without this beginning, is asked for below the provider's base URL.", default="", example="/v1"
    )
    path: str = option(
        "Instead: this path below the base URL; `{name}` is what the route's match has captured.",
        default="",
        example="/models/{model}:countTokens",
    )
    timeout: float = option("For the whole call, to the last byte.", default="10m", unit="duration")
    connect: float = option("To connect to a provider, TLS included.", default="5s", unit="duration")
    first_byte: float = option("From the request to the head of its answer.", default="3m", unit="duration")
    idle: float = option("How long a provider may send nothing within an answer.", default="60s", unit="duration")
    limit: int = option("Bytes of an answer.", default="1GiB", unit="size")

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        if (self.to is None) == (self.by is None):
            yield "to", "say either `to:` a provider or pool, or `by: model`"
        if bool(self.below) == bool(self.path):
            yield "path", "say either `path:`, or the part of the route's path that it lies `below:`"
        for name in ("below", "path"):
            written = getattr(self, name)
            if written and (not re.fullmatch(r"/[\x21-\x7e]*", written) or set(written) & set('?#"<>\\^`|')):
                yield name, "a path begins with `/` and holds no query"
        for name in ("timeout", "connect", "first_byte", "idle"):
            if getattr(self, name) == 0:
                yield name, "no call can be done in no time; say how long it may take"

    def strays(self, pattern: str, captured: frozenset[str]) -> Iterator[tuple[str, str]]:
        prefix = self.below.rstrip("/") + "/"
        if self.below and not pattern.startswith(prefix):
            yield "below", f"the route's path does not begin with `{prefix}`"
        for name in _hole.findall(self.path):
            if name not in captured:
                yield "path", f"the route's match captures no `{{{name}}}`"

    def bind(self, binding: Binding) -> Deed:
        terms = Terms(
            services=binding.services,
            transports=Transports(binding.services.transport),
            format=FORMATS[binding.route.speaks],
            cooling=binding.shared.setdefault("cooling", Cooling(binding.services.now)),
            timeout=self.timeout,
            connect=self.connect,
            first_byte=self.first_byte,
            idle=self.idle,
            limit=self.limit,
        )
        forwarding, path_of, plan_of = Forwarding(terms), self._path_of(), self._plan_of(binding)

        async def forward(exchange: Exchange) -> None:
            request = exchange.request
            path = path_of(request.path, exchange.captures)
            if request.body is None:
                assert request.incoming is not None
                request.body = await request.incoming.read()
            if self.by is not None:
                check_media_type(request)
                exchange.chat = read_asked(request.body)
            target = _first(plan_of(exchange)).targets[0]
            body = request.body if self.by is None else _renamed(exchange.chat, target.model)
            await forwarding.carry(exchange, target, path, body)

        return forward

    def _plan_of(self, binding: Binding) -> Callable[[Exchange], Plan]:
        members = members_of(binding)
        if self.to is not None:
            member = members[self.to]
            return lambda _: member.plan("", "")
        choose = ByModel(binding.program, members).choose
        return lambda exchange: choose(exchange.chat.model, exchange.considered)

    def _path_of(self) -> Callable[[str, Mapping[str, str]], str]:
        if self.path:
            return lambda _, captures: within(_hole.sub(lambda hole: quote(captures[hole[1]], "/" + _PCHAR), self.path))
        cut = len(self.below.rstrip("/"))
        return lambda path, _: within(path[cut:])


def within(path: str) -> str:
    """The path, when it stays where it says. `..` in any writing would lead a provider to what the table does not name.
    Raises Fault("not_found")."""
    steps = unquote(unquote(path)).replace("\\", "/").split("/")
    # Some servers take what follows a `;` off a segment before they look at it.
    if any(step.partition(";")[0] in (".", "..") for step in steps):
        raise Fault("not_found")
    return path


def _renamed(asked: Asked, model: str) -> bytes:
    """The client's bytes; only the model's name is replaced, where the target has another."""
    return asked.body if not model or model == asked.model else FORMATS["openai_chat"].rename(asked, model)


def _first(plan: Plan) -> Ask:
    """What is asked first. Raises what the plan raises, and Fault("no_upstream") for a plan of nothing."""
    step = next(plan, None)
    plan.close()
    if step is None:
        raise Fault("no_upstream")
    return step.asks[0] if isinstance(step, Race) else step
