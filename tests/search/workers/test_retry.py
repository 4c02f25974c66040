"""Failures of workers on a fake host: those of candidates, and those that end a run."""

from contextlib import closing, contextmanager

import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import TaskError
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.errors import WorkerError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.log import write_log
from lionhunt.search.workers import worker_pool
from lionhunt.search.workers.host import ShortOfMemory, WorkerDied
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.retry import MAX_TRIES
from tests.support.search import fake_host
from tests.support.search.fake_host import HANGS

BYTECODE = assemble(dsl.library.load("adamw_initial"))
REFERENCE = Job("reference", BYTECODE)
MEASURED = Measurement(Status.OK, (0.5,), ((2.0, 1.0),))


def answer(_, jobs):
    """Score all jobs, but raise for a name that asks for it."""
    for job in jobs:
        if job.name.startswith("raise"):
            raise ZeroDivisionError("a bug\nof a task")
    return [MEASURED for _ in jobs]


def collect(pool, names):
    """Submit candidates of these names, and wait for their measurements."""
    for name in names:
        pool.submit(Job(name, BYTECODE))
    measured = {}
    while len(measured) < len(names):
        new = dict(pool.wait(1.0))
        assert not new.keys() & measured.keys()
        measured |= new
    return measured


class Local:
    """A scorer by a function of the number of calls and the jobs."""

    def __init__(self, evaluate):
        self._evaluate = evaluate
        self.num_calls = 0

    def evaluate(self, jobs):
        self.num_calls += 1
        return self._evaluate(self.num_calls, jobs)


@pytest.fixture(params=["in this process", "one worker", "three workers"])
def open_pool(request, monkeypatch):
    """Return a context that opens and starts a pool for a function such as `answer`."""

    @contextmanager
    def opened(evaluate, batch_size=1):
        if request.param == "in this process":
            pool = LocalPool(lambda: Local(evaluate), batch_size)
            with closing(pool):
                pool.start(REFERENCE)
                yield pool
            return
        num_workers = 1 if request.param == "one worker" else 3
        with fake_host.fake_pool(monkeypatch, evaluate, num_workers, batch_size) as (pool, _):
            pool.start(REFERENCE)
            yield pool

    return opened


@pytest.mark.parametrize("batch_size", [1, 4])
def test_what_a_candidate_raises_is_its_outcome_and_no_others(open_pool, batch_size):
    asked = []

    def evaluate(number, jobs):
        asked.append([job.name for job in jobs])
        return answer(number, jobs)

    names = ["a", "b", "raise 1", "c", "d", "e", "f", "raise 2", "g"]
    with open_pool(evaluate, batch_size) as pool:
        measured = collect(pool, names)
    for name in names:
        expected = Status.RAISED if name.startswith("raise") else Status.OK
        assert measured[name].status is expected
    assert measured["raise 1"].error == "ZeroDivisionError: a bug"
    assert (
        measured["raise 1"].status_text == "raised: ZeroDivisionError: a bug"
        and measured["a"] == MEASURED
    )
    for name in ("raise 1", "raise 2"):
        assert asked.count([name]) == MAX_TRIES[Status.RAISED] == 4
        for number, batch in enumerate(asked):
            # With two or more workers, others may be asked before.
            if name in batch:
                assert ["reference"] in asked[number:]


@pytest.mark.parametrize("last", range(1, MAX_TRIES[Status.RAISED] + 1))
def test_what_the_reference_raises_too_is_no_outcome(open_pool, last):
    """Break the task for all candidates, from one of the tries on."""
    tries = []

    def evaluate(_, jobs):
        (job,) = jobs
        if job.name == "bad":
            tries.append(job)
        if job.name == "bad" or len(tries) == last:
            raise KeyError(job.name)
        return [MEASURED]

    with open_pool(evaluate) as pool, pytest.raises(KeyError, match="reference"):
        collect(pool, ["bad"])
    assert len(tries) == last


@pytest.mark.parametrize("error", [OSError, FileNotFoundError, DataError, TaskError, WorkerError])
def test_what_tells_of_files_and_machines_ends_the_run(open_pool, error):
    def evaluate(_, jobs):
        if jobs[0].name == "bad":
            raise error("no file digits.npz")
        return [MEASURED]

    with open_pool(evaluate) as pool, pytest.raises(error, match=r"^no file digits.npz$"):
        collect(pool, ["bad"])


def test_candidate_that_raised_once_goes_on(open_pool):
    raised = []

    def evaluate(_, jobs):
        if jobs[0].name != "reference" and not raised:
            raised.append(True)
            raise RuntimeError
        return [MEASURED]

    with open_pool(evaluate) as pool:
        assert collect(pool, ["a"]) == {"a": MEASURED}


def test_scorer_that_cannot_be_made_says_why(open_pool):
    def fail(*_):
        raise DataError("no file digits.npz")

    with pytest.raises(DataError, match="^no file digits.npz$"), open_pool(fail):
        pass


def test_nothing_is_blamed_on_a_candidate_before_a_new_worker_has_scored(monkeypatch, tmp_path):
    """Let the second and the third worker die as they start."""

    def evaluate(number, jobs):
        if number in (2, 3):
            raise WorkerDied
        return answer(number, jobs)

    with fake_host.fake_pool(monkeypatch, evaluate) as (pool, host), write_log(tmp_path / "log"):
        pool.start(REFERENCE)
        (measured,) = collect(pool, ["raise"]).values()
    assert measured.status is Status.RAISED
    assert host.num_started == 7 and host.killed == [1, 2, 3, 4, 5, 6]
    first = (tmp_path / "log").read_text().splitlines()[0]
    assert (
        '"reason": "raised", "candidates": ["raise"], "error": "ZeroDivisionError: a bug"' in first
    )


def test_what_raised_waits_for_no_machine_that_may_never_come(monkeypatch):
    """Keep a new worker waiting on a cluster: any other one that starts tells as much."""
    must_wait = []

    def evaluate(_, jobs):
        (job,) = jobs
        if job.name == "reference" and must_wait:
            return must_wait.pop()
        if job.name == "raise":
            must_wait.append(HANGS)
            raise ZeroDivisionError
        if job.name == "kill":
            raise WorkerDied
        return [MEASURED]

    with fake_host.fake_pool(monkeypatch, evaluate, 9, is_shared=True) as (pool, _):
        pool.start(REFERENCE)
        for name in ("raise", "kill"):
            pool.submit(Job(name, BYTECODE))
        measured = dict(pair for _ in range(40) for pair in pool.wait(1.0))
    assert {name: measurement.status for name, measurement in measured.items()} == {
        "raise": Status.RAISED,
        "kill": Status.CRASHED,
    }


def test_what_was_scored_is_kept_when_another_raises(monkeypatch):
    def evaluate(_, jobs):
        if jobs[0].name == "bad":
            raise DataError("no file")
        return [MEASURED]

    with fake_host.fake_pool(monkeypatch, evaluate, num_workers=3) as (pool, _):
        pool.start(REFERENCE)
        pool.wait(0.0)
        for name in ("a", "bad", "b"):
            pool.submit(Job(name, BYTECODE))
        assert pool.wait(1.0) == [("a", MEASURED)]
        for _ in range(2):
            with pytest.raises(DataError, match="no file"):
                pool.wait(1.0)


@pytest.mark.parametrize(
    "is_shared, num_started, word", [(False, 9, "s, twice; If"), (True, 2, "core of the")]
)
def test_reference_that_hangs_ends_the_run(monkeypatch, is_shared, num_started, word):
    hang = lambda *_: HANGS  # noqa: E731
    with fake_host.fake_pool(monkeypatch, hang, 8, is_shared=is_shared) as (pool, host):
        with pytest.raises(WorkerError, match="initial program was not scored in 660 s") as error:
            pool.start(REFERENCE)
    # On this machine all begin at once.
    num_waits = 2 if is_shared else 1
    assert host.num_started == num_started and num_waits * 660 < host.now < num_waits * 670
    assert word in str(error.value) and "candidate_seconds" in str(error.value)


def test_start_that_hangs_once_is_tried_again(monkeypatch):
    evaluate = lambda number, jobs: HANGS if number == 1 else answer(number, jobs)  # noqa: E731
    with fake_host.fake_pool(monkeypatch, evaluate) as (pool, host):
        assert pool.start(REFERENCE) == MEASURED and host.killed == [1]


def test_memory_of_the_machine_that_is_full_is_an_outcome_after_four_tries(monkeypatch):
    def evaluate(number, jobs):
        most = {"bad": 99, "unlucky": MAX_TRIES[Status.OUT_OF_MEMORY] - 1}.get(jobs[0].name, 0)
        asked.append(jobs[0].name)
        if asked.count(jobs[0].name) <= most:
            raise ShortOfMemory("the machine is low on memory")
        return [MEASURED]

    asked = []
    with fake_host.fake_pool(monkeypatch, evaluate, num_workers=2) as (pool, _):
        pool.start(REFERENCE)
        measured = collect(pool, ["a", "bad", "unlucky"])
    assert measured["bad"].status is Status.OUT_OF_MEMORY and asked.count("bad") == 4
    assert measured["a"] == measured["unlucky"] == MEASURED and asked.count("unlucky") == 4


def test_workers_that_die_as_they_start_end_the_run(monkeypatch):
    def die(*_):
        raise WorkerDied

    with fake_host.fake_pool(monkeypatch, die) as (pool, host):
        with pytest.raises(WorkerError, match="workers die as they start"):
            pool.start(REFERENCE)
    assert host.num_started == worker_pool.MAX_FAILED_STARTS


@pytest.mark.parametrize(
    "other, message",
    [
        (Measurement(Status.OK, (0.6,), ((2.0, 1.0),)), r"it scores \[0.5\] and \[0.6\]"),
        # An accuracy is a count: two machines may hit the same.
        (Measurement(Status.OK, (0.5,), ((2.0, 1.0000001),)), "a training loss of 1.0 and 1.0000"),
        (Measurement(Status.OK, (0.5,), ((2.0, 1.0),), seconds=9.0), None),
    ],
)
def test_worker_that_scores_differently_is_refused(monkeypatch, other, message):
    evaluate = lambda number, jobs: [MEASURED if number == 1 else other for _ in jobs]  # noqa: E731
    with fake_host.fake_pool(monkeypatch, evaluate, num_workers=2) as (pool, _):
        if message is None:
            pool.start(REFERENCE)
            assert pool.wait(1.0) == []
            return
        with pytest.raises(WorkerError, match="two workers score one program differently") as error:
            pool.start(REFERENCE)
        assert error.match(message)


def test_worker_that_dies_without_work_is_replaced(monkeypatch):
    def evaluate(_, jobs):
        return HANGS if jobs[0].name == "long" else [MEASURED]

    with fake_host.fake_pool(monkeypatch, evaluate, num_workers=2) as (pool, host):
        pool.start(REFERENCE)
        pool.submit(Job("long", BYTECODE))
        pool.wait(0.0)
        host.workers[1].value = WorkerDied()
        host.answers.append(host.workers[1])
        pool.wait(0.0)
        assert host.killed == [2] and host.num_started == 3
        assert collect(pool, ["a"]) == {"a": MEASURED}
