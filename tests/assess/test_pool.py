"""Many jobs over an executor."""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cellwright.assess.pool import map_jobs


def squared(n: int) -> int:
    if n == 3:
        raise RuntimeError("three")
    if n == 5:
        os._exit(1)
    return n * n


def told(job: int, error: BaseException) -> str:
    return f"{job}: {type(error).__name__}"


def test_in_this_process_a_job_that_raises_is_told_and_the_others_go_on():
    assert dict(map_jobs(squared, range(5), 1, failed=told)) == {0: 0, 1: 1, 2: 4, 3: "3: RuntimeError", 4: 16}


def test_a_worker_that_dies_takes_only_its_own_job_with_it():
    found = dict(map_jobs(squared, range(8), 2, failed=told))
    assert found == {0: 0, 1: 1, 2: 4, 3: "3: RuntimeError", 4: 16, 5: "5: BrokenProcessPool", 6: 36, 7: 49}


def test_any_executor_serves():
    with ThreadPoolExecutor(2) as executor:
        assert dict(map_jobs(squared, range(3), 2, failed=told, executor=executor)) == {0: 0, 1: 1, 2: 4}


def test_jobs_are_taken_only_as_they_are_needed():
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield 0

    with ThreadPoolExecutor(1) as executor:
        next(map_jobs(squared, jobs(), 1, failed=told, executor=executor))
        assert len(taken) <= 5


def does_not_hear_interrupts(job: int) -> bool:
    """Whether Ctrl-C is held back in this process, whatever handler a library has set."""
    import polars  # noqa: F401 - it sets one of its own

    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be blocked there")
def test_workers_leave_an_interrupt_to_the_process_that_started_them():
    assert all(heard for _, heard in map_jobs(does_not_hear_interrupts, range(4), 2, failed=lambda _, __: False))


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be blocked there")
def test_an_interrupt_that_comes_while_a_job_is_handed_over_is_not_lost():
    class Interrupted(ThreadPoolExecutor):
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            os.kill(os.getpid(), signal.SIGINT)
            return super().submit(*args, **kwargs)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt), Interrupted(1) as pool:
            list(map_jobs(abs, [1], 2, failed=lambda _, __: 0, executor=pool))
    finally:
        signal.signal(signal.SIGINT, before)
