import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime import watch as module
from engine.runtime.watch import looks, signature, watch, watch_for


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    (tmp_path / "routes.yaml").write_text("one")
    return [tmp_path / "routes.yaml", tmp_path / ".env"]


def changes(paths: list[Path], *deeds: object) -> int:
    """How often a change is told when these are done, one per look."""
    told = []

    def turns() -> Iterator[None]:
        yield
        for deed in deeds:
            deed()  # type: ignore[operator]
            yield

    watch(paths, lambda: told.append(True), turns(), lambda seconds: None)
    return len(told)


def replace(path: Path, text: str) -> None:
    half = path.with_suffix(".half")
    half.write_text(text)
    half.replace(path)


def test_every_way_of_changing_a_file_is_seen(paths: list[Path]) -> None:
    table, dotenv = paths
    assert changes(paths, lambda: table.write_text("in place")) == 1
    assert changes(paths, lambda: replace(table, "in place")) == 1  # as editors do; the same content even
    assert changes(paths, lambda: dotenv.write_text("A=1")) == 1
    assert changes(paths, dotenv.unlink) == 1
    assert changes(paths, lambda: None) == 0


def test_a_swapped_folder_is_seen(tmp_path: Path) -> None:
    """Mounted configuration: the path stays, a link on the way changes."""
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "routes.yaml").write_text(name)
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "routes.yaml").symlink_to("data/routes.yaml")

    def swap() -> None:
        (tmp_path / "half").symlink_to("v2")
        (tmp_path / "half").replace(tmp_path / "data")

    assert changes([tmp_path / "routes.yaml"], swap) == 1


def test_a_file_in_the_middle_of_being_written_is_waited_for(paths: list[Path]) -> None:
    more = iter(["half", "half of it", "all of it"])
    told = []

    def sleep(seconds: float) -> None:
        if text := next(more, ""):
            paths[0].write_text(text)

    def turns() -> Iterator[None]:
        paths[0].write_text("h")
        yield
        yield

    watch(paths, lambda: told.append(paths[0].read_text()), turns(), sleep)
    assert told == ["all of it"]


def test_a_file_that_never_keeps_still_is_read_all_the_same(paths: list[Path]) -> None:
    texts = (str(n) for n in range(10**6, 2 * 10**6))
    told = []

    def turns() -> Iterator[None]:
        paths[0].write_text("h")
        yield

    watch(paths, lambda: told.append(True), turns(), lambda seconds: replace(paths[0], next(texts)))
    assert told == [True]


def test_what_is_not_there_has_no_signature(paths: list[Path]) -> None:
    there, missing = signature(paths)
    assert there is not None
    assert missing is None


def test_the_watch_ends_with_the_supervisor(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """F-67."""
    monkeypatch.setattr(module, "_notices", lambda folders: iter([None] * 10))
    lives = iter([True, True, False])
    assert len(list(looks(paths, lambda: next(lives)))) == 2
    reader, writer = os.pipe()
    assert watch_for(os.getppid() + 1, paths, writer) == 0  # a parent that is not ours is a parent that is gone
    os.close(reader)
    os.close(writer)


def test_only_the_folders_of_the_files_are_watched(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(module, "_notices", lambda folders: seen.extend(folders) or iter(()))
    assert list(looks(paths, lambda: True)) == []
    assert seen == [paths[0].parent]


def test_without_watchfiles_the_clock_does(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "watchfiles":
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    slept = []
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(module.time, "sleep", slept.append)
    lives = iter([True, True, False])
    assert len(list(looks(paths, lambda: next(lives)))) == 2
    assert slept == [module.POLL] * 3
