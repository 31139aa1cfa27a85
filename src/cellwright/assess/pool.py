"""Many jobs over an `Executor`: one plain function mapped, one bad job never stops the others, memory stays bounded.

On one machine the executor is a pool of spawned processes; a cluster's ``Client.get_executor()`` has the same interface.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


def map_jobs(
    function: Callable[[J], R],
    jobs: Iterable[J],
    workers: int,
    *,
    failed: Callable[[J, BaseException], R],
    executor: Executor | None = None,
) -> Iterator[tuple[J, R]]:
    """Map a function over jobs and yield each job with its result, in the order they finish.

    Parameters
    ----------
    function
        Importable by name: it runs in spawned processes.
    jobs
        Taken as they are needed, at most four a worker at a time.
    workers
        Processes; 1 works in this process.
    failed
        Makes a result of a job whose function raised or whose process died.
    executor
        Used instead of a pool of our own.
    """
    work = _Work(function, failed)
    if workers <= 1 and executor is None:
        yield from ((job, work.guarded(job)) for job in jobs)
        return
    with _spawned(workers) if executor is None else nullcontext(executor) as pool:
        yield from work.flow(pool, iter(jobs), 4 * workers)
    for job in work.orphans:
        with _spawned(1) as alone:
            yield job, work.settled(_submit(alone, function, job), job)


@dataclass
class _Work(Generic[J, R]):
    """Jobs in flight, and those whose pool died: each of these gets a process of its own later, and only the culprit fails."""

    function: Callable[[J], R]
    failed: Callable[[J, BaseException], R]
    flying: dict[Future[R], J] = field(default_factory=dict[Future[R], J])
    orphans: list[J] = field(default_factory=list[J])

    def flow(self, pool: Executor, jobs: Iterator[J], depth: int) -> Iterator[tuple[J, R]]:
        try:
            for job in jobs:
                try:
                    self.flying[_submit(pool, self.function, job)] = job
                except BrokenProcessPool:
                    self.orphans += [job, *jobs]
                if len(self.flying) >= depth:
                    yield from self.landed()
            while self.flying:
                yield from self.landed()
        finally:
            for future in self.flying:
                future.cancel()

    def landed(self) -> Iterator[tuple[J, R]]:
        done, _ = wait(self.flying, return_when=FIRST_COMPLETED)
        for future in done:
            job = self.flying.pop(future)
            if isinstance(future.exception(), BrokenProcessPool):
                self.orphans.append(job)
            else:
                yield job, self.settled(future, job)

    def settled(self, future: Future[R], job: J) -> R:
        error = future.exception()
        return future.result() if error is None else self.failed(job, error)

    def guarded(self, job: J) -> R:
        try:
            return self.function(job)
        except Exception as error:  # noqa: BLE001 - whatever one file does, the others go on; the reason is told
            return self.failed(job, error)


@contextmanager
def _spawned(workers: int) -> Generator[Executor]:
    """Spawned processes, never forked: Polars deadlocks after a fork. Each computes on one thread."""
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    if os.name == "posix":
        resource_tracker.ensure_running()  # its own start would let Ctrl-C through to the first worker
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


def _submit(pool: Executor, function: Callable[[J], R], job: J) -> Future[R]:
    """Submit with Ctrl-C held back: workers that start now never see it and leave it to this process, where it arrives afterwards."""
    if threading.current_thread() is not threading.main_thread():
        return pool.submit(function, job)
    with _interrupts_held():
        return pool.submit(function, job)


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Block Ctrl-C, which processes started meanwhile inherit for good; where signals cannot be blocked, ignore it."""
    if hasattr(signal, "pthread_sigmask"):
        # Not SIG_IGN: Polars puts a handler of its own in its place, in workers too; and what is ignored here would be lost.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
