"""Many notebooks at once: on this machine, or on a Dask cluster; both give rows as they come."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from ..._extras import optional
from .run import Limits, grade_one, row_of
from .submissions import Submission

_LOST = 3  # so often is a notebook given back to a cluster whose workers end with it
Task = tuple[Submission, list[str]]
Graded = Iterator[tuple[Submission, list[dict]]]


def on_this_machine(tasks: list[Task], limits: Limits, jobs: int | None) -> Graded:
    """Grade so many notebooks at once, each in a process of its own."""
    pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        started = {pool.submit(_graded, item, names, limits): item for item, names in tasks}
        for done in as_completed(started):
            yield started[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _graded(item: Submission, names: list[str], limits: Limits) -> list[dict]:
    """The rows of a submission: a row for each name in any case."""
    if item.trouble:
        return _rows(item, names, "broken", item.trouble)
    try:
        return grade_one(item.student, item.source, item.read(), names, limits)
    except Exception as error:
        return _rows(item, names, "stopped", f"the grader failed: {type(error).__name__}: {error}")


def _rows(item: Submission, names: list[str], status: str, reason: str) -> list[dict]:
    return [row_of(item.student, item.source, name, status, reason) for name in names]


def on_cluster(tasks: list[Task], limits: Limits, address: str) -> Graded:
    """Grade on the workers of the Dask scheduler at an address, a few for each of their threads.

    They get the notebooks' bytes, and need otlec with its extra ``grade``, but none of the folders.
    What a lost worker had in hand is done again by the others.
    """
    distributed = optional("distributed", "cluster")
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
        waiting, started, lost, ready = list(reversed(tasks)), {}, {}, []
        running = distributed.as_completed(loop=client.loop, with_results=True, raise_errors=False)

        def fill() -> None:
            room = 2 * max(sum(client.nthreads().values()), 4)
            while waiting and len(started) < room:
                item, names = waiting.pop()
                content = _bytes_of(item)
                if content is None:
                    ready.append((item, _graded(item, names, limits)))
                    continue
                future = client.submit(
                    grade_one, item.student, item.source, content, names, limits, pure=False
                )
                started[future.key] = (item, names)
                running.add(future)

        fill()
        yield from _drain(ready)
        for future, result in running:
            item, names = started.pop(future.key)
            if future.status == "finished":
                ready.append((item, result))
            else:
                lost[item.place] = lost.get(item.place, 0) + 1
                if lost[item.place] < _LOST:
                    waiting.append((item, names))
                else:
                    reason = f"the cluster lost it {_LOST} times: {_said(result)}"
                    ready.append((item, _rows(item, names, "stopped", reason)))
            fill()
            yield from _drain(ready)


def _said(result) -> str:
    """What the cluster says of a failure: a pair of kind and error, or an error."""
    error = result[1] if isinstance(result, tuple) and len(result) > 1 else result
    return f"{type(error).__name__}: {str(error)[:200]}"


def _drain(ready: list) -> Graded:
    while ready:
        yield ready.pop()


def _bytes_of(item: Submission) -> bytes | None:
    """The bytes of a notebook, or None if there are none to send."""
    try:
        return None if item.trouble else item.read()
    except Exception:
        return None
