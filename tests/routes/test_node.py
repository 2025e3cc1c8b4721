from __future__ import annotations

import pytest

from engine.routes.node import Node, quoted, resolve


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null(text: str) -> None:
    assert resolve(text) is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("TRUE", True), ("false", False)])
def test_booleans(text: str, value: bool) -> None:
    assert resolve(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-12", -12), ("+3", 3), ("999999999999999999", 999999999999999999), ("1.5", 1.5), (".5", 0.5), ("2.", 2.0)],
)
def test_decimal_numbers(text: str, value: float) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_exponents() -> None:
    assert resolve("1e3") == 1000.0
    assert resolve("-1.5E-2") == -0.015


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "tRUE",
        "10:20",
        "0x1f",
        "0o17",
        "017",
        "1_000",
        "2026-01-02",
        ".inf",
        ".nan",
        "1e999",
        "9" * 19,
        "9" * 5000,
        "1." + "0" * 40,
        ".",
        "-",
        "1.2.3",
        "e5",
        "٣",
        "<<",
    ],
)
def test_everything_else_stays_text(text: str) -> None:
    assert resolve(text) == text


def tree() -> Node:
    root = Node({}, 1, 1)
    pipeline = Node([], 2, 3, parent=root, step="chat")
    stage = Node("secret-value", 3, 7, parent=pipeline, step=3)
    pipeline.value = [stage]
    root.value = {"chat": pipeline}
    return root


def test_a_path_is_built_from_keys_and_indices() -> None:
    stage = tree().value["chat"].value[0]  # type: ignore[index,union-attr,call-overload]
    assert stage.path == "chat[3]"
    assert tree().path == ""


def test_plain_gives_ordinary_python() -> None:
    assert tree().plain() == {"chat": ["secret-value"]}


def test_get_looks_into_mappings_only() -> None:
    root = tree()
    chat = root.get("chat")
    assert chat is not None
    assert chat.step == "chat"
    assert root.get("absent") is None
    assert chat.get("chat") is None


def test_a_node_never_prints_its_value() -> None:
    stage = tree().value["chat"].value[0]  # type: ignore[index,union-attr,call-overload]
    assert "secret-value" not in f"{stage!r} {stage} {tree()!r}"


def test_quoted_shortens() -> None:
    assert quoted("abc") == "`abc`"
    assert len(quoted("x" * 500)) == 62
