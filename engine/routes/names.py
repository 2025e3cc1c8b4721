"""Who is named must exist: references between sections, names that stand twice, circles of pools, what nobody uses."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from engine.parts import options_of
from engine.routes.desk import Desk, shown
from engine.routes.pools import check_pools, members_of
from engine.routes.shape import DefaultWords, ModelWords, Parts, ProviderWords, RouteWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.routes.draft import Draft, DraftPool
    from engine.routes.node import Node

_CODES = {"provider": "R030", "target": "R030", "model": "R032", "format": "R036"}


def check_names(draft: Draft, parts: Parts, desk: Desk) -> None:
    """Everything about names, on whatever of the draft could be read."""
    _Names(draft, parts, desk).check()


class _Names:
    def __init__(self, draft: Draft, parts: Parts, desk: Desk) -> None:
        self._draft = draft
        self._parts = parts
        self._desk = desk
        self._missed = False  # something that is named does not exist
        providers = {name: provider.node for name, provider in draft.providers.items()}
        pools = {name: pool.node for name, pool in draft.pools.items()}
        models = {str(m.node.get("name").value): m.node for m in draft.models if m.node.get("name")}  # type: ignore[union-attr]
        self._known: dict[str, Mapping[str, Node | None]] = {
            "provider": dict(providers),
            "target": {**providers, **pools},
            "model": dict(models),
            "format": dict.fromkeys(sorted(parts.formats)),
        }

        self._by_kind: dict[str, list[str]] = {}
        for name, node in providers.items():
            if (kind := node.get("kind")) and isinstance(kind.value, str):
                self._by_kind.setdefault(kind.value, []).append(name)

    def check(self) -> None:
        self._sections()
        self._members()
        check_pools(self._draft.pools, self._desk)
        self._both()
        self._models()
        self._default()
        self._unused()

    def _sections(self) -> None:
        """Every option that says that it names something."""
        draft = self._draft
        for provider in draft.providers.values():
            self._options(ProviderWords, provider.node)
            self._options(type(provider.own), provider.node)
        for pool in draft.pools.values():
            self._options(type(pool.own), pool.node)
        for model in draft.models:
            self._options(ModelWords, model.node)
        if draft.default_node:
            self._options(DefaultWords, draft.default_node)
        for route in draft.routes:
            self._options(RouteWords, route.node)
        for pipeline in [*draft.pipelines.values(), *(route.pipeline for route in draft.routes)]:
            for stage in pipeline.stages if pipeline else ():
                if stage.part and stage.options:
                    self._options(type(stage.part), stage.options)

    def _options(self, part: type, node: Node) -> None:
        if not hasattr(part, "__dataclass_fields__"):
            return
        for field, about, _ in options_of(part):
            value = node.get(field.name)
            if about.names and value is not None:
                for item in _scalars(value):
                    self._exists(item, about.names, _CODES[about.names])

    def _exists(self, node: Node, what: str, code: str) -> None:
        known = self._known[what]
        if not isinstance(node.value, str) or node.value in known:
            return
        self._missed = True
        if node.value in self._draft.unread:
            return
        kind = {"target": "provider or pool", "format": "wire format"}.get(what, what)
        self._desk.error(
            node, code, f"there is no {kind} {shown(node)}", self._kind_of(node, what) or self._declared(node.value, known)
        )

    def _kind_of(self, node: Node, what: str) -> str:
        """The hint for the name of a kind where the name of a provider is due."""
        named = self._by_kind.get(str(node.value), ()) if what in ("provider", "target") and not node.substituted else ()
        if not named:
            return ""
        return f"`{node.value}` is the kind of " + " and ".join(f"`{name}`" for name in named[:3])

    def _declared(self, word: str, known: Mapping[str, Node | None]) -> str:
        near = self._desk.nearest(word, known)
        place = known.get(near) if near else None
        if place is not None:
            return f"did you mean `{near}` (declared at {self._desk.file}:{place.key_line or place.line})?"
        return f"did you mean `{near}`?" if near else self._desk.suggest("", known)

    def _members(self) -> None:
        for pool in self._draft.pools.values():
            members = members_of(pool)
            for item in members:
                self._exists(item, "target", "R031")
            if pool.words and not members:
                self._desk.error(pool.node.get("of") or pool.node, "R023", f"pool `{pool.name}` has no member")
            if pool.words and pool.own is not None:
                self._flaws(pool, pool.words.of)
            for item in _repeated(members):
                self._desk.error(item, "R039", f"{shown(item)} stands twice in pool `{pool.name}`")

    def _flaws(self, pool: DraftPool, of: list[str]) -> None:
        """What the strategy itself finds wrong with its options."""
        for option, says in pool.own.flaws(of):
            node = pool.node.get(option) if option else None
            self._desk.error(node or pool.node, "R045", f"pool `{pool.name}`: {says}", on_key=True)

    def _both(self) -> None:
        for name, pool in self._draft.pools.items():
            other = self._draft.providers.get(name)
            if other is not None:
                hint = f"the provider stands at {self._desk.file}:{other.node.key_line}"
                self._desk.error(pool.node, "R039", f"`{name}` is both a provider and a pool", hint, on_key=True)

    def _models(self) -> None:
        names = [name for model in self._draft.models if (name := model.node.get("name")) and isinstance(name.value, str)]
        first: dict[str, Node] = {}
        for node in names:
            earlier = first.setdefault(str(node.value), node)
            if earlier is not node:
                hint = f"first at {self._desk.file}:{earlier.line}"
                self._desk.error(node, "R039", f"the model {shown(node)} stands twice", hint)
            elif not node.value:
                self._desk.error(node, "R023", "a model's name is not empty")

    def _default(self) -> None:
        node, words = self._draft.default_node, self._draft.default
        if node is None or words is None:
            return
        if not words.provider and not words.model:
            self._desk.error(
                node, "R026", "`default` names neither a provider nor a model", "for example `{provider: echo}`", on_key=True
            )
        elif words.model and not words.provider and not self._leads_somewhere(words.model):
            model = node.get("model")
            assert model is not None
            self._desk.error(
                model, "R032", f"there is no model {shown(model)}", self._declared(words.model, self._known["model"])
            )

    def _leads_somewhere(self, model: str) -> bool:
        return any(m.words is None or _globbed(m.words.name, model) for m in self._draft.models)

    def _unused(self) -> None:
        """What nothing leads to. Models are named by clients, providers also by the vendor filter."""
        draft = self._draft
        used = {id(route.pipeline) for route in draft.routes}
        if all(route.pipeline for route in draft.routes):
            for name, pipeline in draft.pipelines.items():
                if id(pipeline) not in used:
                    self._desk.warn(pipeline.node, "R054", f"no route uses pipeline `{name}`", on_key=True)
        read = all(model.words for model in draft.models) and all(pool.words for pool in draft.pools.values())
        if self._missed or not read or (draft.default_node and not draft.default):
            return  # what is wrong there may be what was meant to lead here
        named = set(self._targets_named())
        for name, pool in draft.pools.items():
            if name not in named:
                self._desk.warn(pool.node, "R054", f"nothing leads to pool `{name}`", on_key=True)

    def _targets_named(self) -> Iterator[str]:
        draft = self._draft
        nodes = [model.node.get("provider") for model in draft.models]
        nodes += [draft.default_node.get("provider")] if draft.default_node else []
        nodes += [item for pool in draft.pools.values() for item in members_of(pool)]
        for pipeline in [*draft.pipelines.values(), *(route.pipeline for route in draft.routes)]:
            nodes += (
                [node for stage in pipeline.stages for node in _target_options(stage.part, stage.options)] if pipeline else []
            )
        yield from (str(node.value) for node in nodes if node)


def _target_options(part: object, options: Node | None) -> Iterator[Node]:
    if part is None or options is None:
        return
    for field, about, _ in options_of(type(part)):
        value = options.get(field.name)
        if about.names == "target" and value is not None:
            yield from _scalars(value)


def _scalars(node: Node) -> list[Node]:
    if isinstance(node.value, list):
        return [item for item in node.value if isinstance(item.value, str)]
    return [node] if isinstance(node.value, str) else []


def _repeated(nodes: Iterable[Node]) -> Iterator[Node]:
    seen: set[object] = set()
    for node in nodes:
        if node.value in seen:
            yield node
        seen.add(node.value)


def _globbed(pattern: str, name: str) -> bool:
    """Whether a model's name, in which only `*` is special, takes `name`."""
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))
