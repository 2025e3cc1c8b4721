"""What routes.yaml becomes: immutable, and swapped whole on reload. Durations are seconds, sizes bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.complaint import Complaint
    from engine.parts import Part, Stage
    from engine.secret import Secret
    from engine.settings import Errors
    from engine.targets import Origin
    from engine.web import Pair


@dataclass(frozen=True, slots=True)
class Provider:
    """Whom we can call. `unavailable` says why it cannot be ("" when it can); `options` are the kind's own."""

    name: str
    kind: str
    format: str
    origin: Origin
    path: str
    credential: str  # how a key is sent: a word of providers.credentials
    keys: tuple[Secret, ...] = field(default=(), repr=False)
    unavailable: str = ""
    transport: str = "h11"
    headers: tuple[Pair, ...] = field(default=(), repr=False)
    sealed: frozenset[bytes] = frozenset()  # names of those headers whose values came out of a variable or a file: not shown
    forward: tuple[bytes, ...] = ()  # client header names that travel to this provider
    connections: int = 1000
    wait: float = 5.0  # seconds to wait for one of them
    proxy: Secret | None = None
    http2: bool = False
    max_tokens: int = 4096
    gunzip: bool = False  # answers that come gzipped unasked are taken
    options: Any = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A virtual provider: `of` names providers and other pools."""

    name: str
    strategy: str
    part: Part
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A name (or glob) that a client may give, and where it goes; `model` "" keeps the client's name."""

    name: str
    provider: str
    model: str = ""
    description: str = ""
    can: tuple[str, ...] | None = None  # what it can do beyond text; None: everything


@dataclass(frozen=True, slots=True)
class Default:
    """Where an unknown model goes: `model` replaces it; `provider` alone keeps the client's name."""

    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class StageUse:
    """A stage as used in a pipeline: its word, its options (the part), and where it stands in the file."""

    word: str
    part: Stage
    line: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is the match as written; `pattern` its path; `speaks` a format's name or "" ."""

    name: str
    methods: tuple[str, ...]
    pattern: str
    speaks: str
    public: bool
    stages: tuple[StageUse, ...]
    line: int = 0
    errors: Errors | None = None  # how they are written, where the route says it


@dataclass(frozen=True, slots=True)
class Program:
    """The whole table. `server` is the parsed `server:` section (routes.shape.Server); `digest` is the hash of text and
    substituted values: the same digest is the same program."""

    digest: str
    server: Any
    providers: Mapping[str, Provider]
    pools: Mapping[str, Pool]
    models: tuple[Model, ...]
    default: Default | None
    routes: tuple[Route, ...]
    warnings: tuple[Complaint, ...] = ()
