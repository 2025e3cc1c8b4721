"""A table while it is being checked: everything with the node that it came from, sound or not.

A part that its schema refused is None: what others say of it (that it exists, that it is referred to) still counts, so
one mistake does not hide the next, and does not give rise to complaints that vanish with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.parts import Stage
    from engine.routes.node import Node
    from engine.routes.pattern import Pattern
    from engine.routes.shape import DefaultWords, ModelWords, PoolWords, ProviderWords, RouteWords
    from engine.settings import Server


@dataclass(slots=True)
class DraftProvider:
    name: str
    node: Node
    words: ProviderWords | None = None
    own: Any = None  # the kind's own options


@dataclass(slots=True)
class DraftPool:
    name: str
    node: Node
    words: PoolWords | None = None
    own: Any = None  # the strategy's part


@dataclass(slots=True)
class DraftModel:
    node: Node
    words: ModelWords | None = None


@dataclass(slots=True)
class DraftStage:
    """`type` is None when there is no such stage, `part` when its options are wrong."""

    word: str
    node: Node  # the item of the pipeline
    options: Node | None = None
    type: type[Stage] | None = None
    part: Stage | None = None


@dataclass(slots=True)
class DraftPipeline:
    """`whole`: every stage is known, so that what the pipeline lacks can be told."""

    node: Node
    stages: list[DraftStage] = field(default_factory=list)
    whole: bool = False


@dataclass(slots=True)
class DraftRoute:
    node: Node
    words: RouteWords | None = None
    methods: tuple[str, ...] = ()
    path: str = ""
    pattern: Pattern | None = None
    pipeline: DraftPipeline | None = None


@dataclass(slots=True)
class Draft:
    root: Node
    server_node: Node | None = None
    server: Server | None = None
    providers: dict[str, DraftProvider] = field(default_factory=dict)
    pools: dict[str, DraftPool] = field(default_factory=dict)
    models: list[DraftModel] = field(default_factory=list)
    default_node: Node | None = None
    default: DefaultWords | None = None
    pipelines: dict[str, DraftPipeline] = field(default_factory=dict)
    routes: list[DraftRoute] = field(default_factory=list)
    # Names that stand in sections which could not be read: nobody is told that they do not exist.
    unread: set[str] = field(default_factory=set)
