from __future__ import annotations

import pytest

import engine
from engine.cli import commands
from tests.tools.commands import ran


def test_the_folder_is_the_list_of_commands() -> None:
    assert {"run", "check", "explain", "routes", "parts", "echo", "schema"} <= set(commands())
    assert "terminal" not in commands()


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    told = ran(name, "--help")
    assert told.code == 0
    assert "examples:" in told.out
    assert f"engine {name}" in told.out


def test_no_command_and_wrong_commands_are_usage_errors() -> None:
    assert ran().code == 2
    assert ran("chekc").code == 2
    assert ran("--version").out.strip() == f"engine {engine.__version__}"
