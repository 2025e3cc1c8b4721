from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.routes.part_schema import (
    default_schema,
    model_schema,
    pool_schema,
    provider_schema,
    route_schema,
    server_schema,
    stage_schema,
)
from tests.tools.tables import parts

EVERY: dict[str, dict[str, Any]] = {
    "server": server_schema(),
    "model": model_schema(),
    "default": default_schema(),
    "route": route_schema(),
    **{f"provider {word}": provider_schema(word, kind) for word, kind in parts().kinds.items()},
    **{f"pool {word}": pool_schema(word, parts().strategies[word]) for word in parts().strategies},
    **{f"stage {word}": stage_schema(parts().stages[word]) for word in parts().stages},
}


@pytest.mark.parametrize("name", EVERY)
def test_is_a_schema_that_describes_every_option(name: str) -> None:
    schema = json.loads(json.dumps(EVERY[name]))
    Draft202012Validator.check_schema(schema)
    assert schema["description"]
    assert schema["additionalProperties"] is False
    for option, about in schema["properties"].items():
        assert about["description"], option


def test_a_provider_takes_what_its_kind_takes_besides() -> None:
    assert "pace" not in EVERY["provider openai"]["properties"]
    own = set(EVERY["provider echo"]["properties"]) - set(EVERY["provider openai"]["properties"])
    assert own
    assert EVERY["provider echo"]["properties"]["kind"]["const"] == "echo"


def test_a_pool_requires_what_its_strategy_requires() -> None:
    assert EVERY["pool weighted"]["required"] == ["strategy", "of", "weights"]
    assert EVERY["pool random"]["required"] == ["strategy", "of"]


def test_defaults_are_told_as_they_are_written() -> None:
    timeouts = EVERY["server"]["properties"]["timeouts"]
    assert "default" not in timeouts
    assert timeouts["properties"]["head"]["default"] == "10s"
