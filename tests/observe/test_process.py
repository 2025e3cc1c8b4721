import os
import resource

from engine.observe.process import FRESH, ProcessFigures, raise_descriptor_limit
from tests.tools.clock import Clock


def test_it_tells_memory_time_and_descriptors() -> None:
    told = dict(ProcessFigures(Clock().time)())
    assert told["process_resident_memory_bytes"] > 1_000_000
    assert told["process_cpu_seconds"] > 0
    assert told["process_open_fds"] >= 3
    assert told["process_max_fds"] >= told["process_open_fds"]


def test_descriptors_are_counted_again_when_the_count_is_old() -> None:
    clock = Clock()
    figures = ProcessFigures(clock.time)
    before = dict(figures())["process_open_fds"]
    more = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
    try:
        assert dict(figures())["process_open_fds"] == before
        clock.run_to(FRESH)
        assert dict(figures())["process_open_fds"] == before + 3
    finally:
        for fd in more:
            os.close(fd)


def test_the_soft_limit_rises_to_the_hard_one() -> None:
    """F-42."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
