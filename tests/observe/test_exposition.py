import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from engine.observe.exposition import Shared, bury, render
from engine.observe.metrics import Figures

DEATHS = "engine_worker_deaths_total"
EVENTS = "engine_events_total"


def figures(directory: Path, serial: int) -> Figures:
    return Figures(Shared(directory, serial))


def told(text: bytes, name: str) -> float:
    families = text_string_to_metric_families(text.decode())
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def test_counters_and_histograms_of_all_are_summed(tmp_path: Path) -> None:
    one, two = figures(tmp_path, 1), figures(tmp_path, 2)
    one.count("worker_deaths", 3)
    two.count("worker_deaths", 4)
    one.lag(0.002)
    two.lag(0.2)
    two.publish()
    assert told(one.expose(), DEATHS) == 7
    assert told(two.expose(), DEATHS) == 7
    assert told(two.expose(), "engine_loop_lag_seconds_count") == 2


def test_gauges_are_summed_or_the_least_of_the_living(tmp_path: Path) -> None:
    one, two = figures(tmp_path, 1), figures(tmp_path, 2)
    for worker, generation in ((one, 5), (two, 6)):
        worker.set("process_open_fds", 10)
        worker.set("engine_config_generation", generation)
    two.publish()
    text = one.expose()
    assert told(text, "process_open_fds") == 20
    assert told(text, "engine_config_generation") == 5


def test_the_dead_keep_their_counters_and_lose_their_gauges(tmp_path: Path) -> None:
    one, two = figures(tmp_path, 1), figures(tmp_path, 2)
    two.count("worker_deaths", 4)
    two.set("process_open_fds", 10)
    one.set("process_open_fds", 1)
    two.publish()
    bury(tmp_path, 2)
    assert told(one.expose(), DEATHS) == 4
    assert told(one.expose(), "process_open_fds") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.json", "gone.json"]


def test_many_deaths_leave_one_file(tmp_path: Path) -> None:
    for serial in range(1, 301):
        worker = figures(tmp_path, serial)
        worker.count("worker_deaths")
        worker.publish()
        bury(tmp_path, serial)
        bury(tmp_path, serial)
    assert [p.name for p in tmp_path.iterdir()] == ["gone.json"]
    assert told(figures(tmp_path, 999).expose(), DEATHS) == 300


def test_a_scrape_between_folding_and_removing_counts_nobody_twice(tmp_path: Path) -> None:
    worker = figures(tmp_path, 1)
    worker.count("worker_deaths")
    worker.publish()
    file = (tmp_path / "1.json").read_bytes()
    bury(tmp_path, 1)
    (tmp_path / "1.json").write_bytes(file)  # as it stands between the two steps
    assert told(figures(tmp_path, 2).expose(), DEATHS) == 1


def test_what_a_scrape_has_shown_is_on_record(tmp_path: Path) -> None:
    """A counter never goes backwards: the worker dies at once after being scraped."""
    one = figures(tmp_path, 1)
    one.count("worker_deaths", 9)
    shown = told(one.expose(), DEATHS)
    bury(tmp_path, 1)
    assert told(figures(tmp_path, 2).expose(), DEATHS) == shown == 9


def test_a_broken_or_missing_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "7.json").write_bytes(b'{"half')
    one = figures(tmp_path, 1)
    one.count("worker_deaths")
    assert told(one.expose(), DEATHS) == 1
    bury(tmp_path, 7)
    bury(tmp_path, 8)
    assert told(one.expose(), DEATHS) == 1


def test_a_directory_that_is_gone_costs_the_others_figures_only(tmp_path: Path) -> None:
    one = figures(tmp_path / "missing", 1)
    one.count("worker_deaths")
    assert told(one.expose(), DEATHS) == 1
    assert told(one.expose(), EVENTS) == 1  # publish_failed


def test_labels_are_escaped() -> None:
    text = render([{"engine_events": [[['a"b\\c\nd'], 1]]}], [])
    assert b'kind="a\\"b\\\\c\\nd"' in text


WORKER = """
    import sys, os
    from pathlib import Path
    from engine.observe.exposition import Shared
    from engine.observe.metrics import Figures

    figures = Figures(Shared(Path(sys.argv[1]), int(sys.argv[2])))
    for n in range(200):
        figures.count("worker_deaths")
        figures.publish()
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_real_processes_that_are_killed(tmp_path: Path) -> None:
    """F-66 as seen by a scraper: three workers count, all are killed, and the sum only ever grows."""
    command = [sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    workers = [subprocess.Popen([*command, str(serial)], **pipes) for serial in (1, 2, 3)]  # type: ignore[call-overload]
    watcher = figures(tmp_path, 9)
    seen = [0.0]

    def scrape() -> None:
        seen.append(told(watcher.expose(), DEATHS))

    try:
        while seen[-1] < 600:
            scrape()
        for serial, worker in enumerate(workers, 1):
            assert worker.stdout.readline() == b"ready\n"
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait(5)
            scrape()
            bury(tmp_path, serial)
            scrape()
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    assert seen == sorted(seen)
    assert seen[-1] == 600
