"""Which models are there?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.formats import FORMATS
from engine.parts import Stage, option
from engine.stages.select import members_of, vendor_of
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding

# A model's age is not known here; a fixed moment (2024-01-01) keeps the list the same for every worker and restart.
CREATED = 1_704_067_200


@dataclass(frozen=True)
class Models(Stage):
    """List the models that a client may name, in the order of the table and in the format that the route `speaks` (OpenAI's
    when it speaks none). Patterns are not listed: they are no names. `?vendor=NAME` keeps to one provider; an unknown one
    gives an empty list. A model whose provider lacks its key is listed, and says so."""

    example = "models: {hide_unavailable: true}"
    writes = frozenset({"answer"})

    show: Literal["name", "model"] = option(
        "What is listed: the name that a client may give, or the provider's own name for it.", default="name"
    )
    hide_unavailable: bool = option("Leave out models whose provider has no usable key.", default=False)

    def bind(self, binding: Binding) -> Deed:
        listed = self._listed(binding)
        write = FORMATS[binding.route.speaks or "openai_chat"].write_models
        everything = write(listed)

        def models(exchange: Exchange) -> None:
            vendor = vendor_of(exchange.request.query)
            body = write([model for model in listed if model["owned_by"] == vendor]) if vendor else everything
            exchange.answer = Response(200, [(b"content-type", b"application/json")], body)

        return models

    def _listed(self, binding: Binding) -> list[Mapping[str, str | int]]:
        members = members_of(binding)
        listed: list[Mapping[str, str | int]] = []
        for model in binding.program.models:
            why = members[model.provider].unavailable
            if "*" in model.name or (why and self.hide_unavailable):
                continue
            shown = model.model or model.name if self.show == "model" else model.name
            says = "; ".join(part for part in (model.description, f"unavailable: {why}" if why else "") if part)
            listed.append({"id": shown, "created": CREATED, "owned_by": model.provider, "description": says})
        return listed
