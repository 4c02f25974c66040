"""How long a run takes: the plan equals the run where costs are planted."""

import random
from collections import Counter
from contextlib import closing

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_run
from lionhunt.search.dry_run.cost_model import TaskCost
from lionhunt.search.dry_run.estimate import BY_WORKERS, IN_PROCESS, estimate, saved_share
from lionhunt.search.dry_run.rehearsal import makespan, rehearse
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.reevaluation import Reevaluation
from lionhunt.search.evolution.mutation import MutationSpace
from lionhunt.search.reporting.text import duration
from tests.support.search.runs import create, score

LAG = 6


class ClockPool:
    """Workers on a clock that only waiting moves."""

    def __init__(self, num_workers):
        self.now = 0.0
        self.free = [0.0] * num_workers
        self.running = []

    def start(self, reference):
        return score(reference.bytecode)

    def submit(self, job):
        worker = min(range(len(self.free)), key=self.free.__getitem__)
        self.free[worker] = max(self.now, self.free[worker]) + planted_seconds(job.name)
        self.running.append((self.free[worker], job))

    def wait(self, seconds):
        first = min(self.running, key=lambda one: one[0])
        if first[0] > self.now + seconds:
            self.now += seconds
            return []
        self.running.remove(first)
        self.now, job = first
        return [(job.name, score(job.bytecode))]

    def close(self):
        pass


def planted_seconds(fingerprint):
    return random.Random(fingerprint).uniform(100.0, 500.0)


@pytest.mark.parametrize("num_workers", [1, 2, 5, 50])
def test_simulated_time_is_that_of_a_run(tmp_path, num_workers):
    pool = ClockPool(num_workers)
    with create(tmp_path / "run", num_programs=300) as records:
        config, initial = load_run(records)
        reference = pool.start(Job("reference", assemble(initial)))
        with closing(Search(config, initial, records, pool, reference).run()) as events:
            for _ in events:
                pass
        names = [row.fingerprint for row in records.rows()]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    programs = [numbers[name] for name in names[config.evolution.population_size :]]
    fingerprints = list(numbers)
    found = makespan(
        programs,
        lambda number: planted_seconds(fingerprints[number]),
        num_workers=num_workers,
        lag=config.evolution.lag,
        child_seconds=0.0,
    )
    assert found == pytest.approx(pool.now, rel=0.002)  # a driver looks up every 0.2 s


def test_in_process_everything_takes_its_turn():
    programs = [1, 1, 0, 2, 3, 1]
    found = makespan(programs, float, num_workers=0, lag=100, child_seconds=0.5)
    assert found == pytest.approx(1 + 2 + 3 + 6 * 0.5)


def test_more_workers_than_lag_do_not_help():
    times = [
        makespan(range(1, 100), lambda _: 1.0, num_workers=count, lag=4, child_seconds=0.0)
        for count in (1, 2, 5, 10)
    ]
    assert times[0] == 99 and times[1] == 50 and times[2] == times[3] == 20


def rehearsed(num_children=300, **changes):
    options = {
        "seed": 1,
        "population_size": 20,
        "tournament_size": 3,
        "lag": LAG,
        "space": MutationSpace(),
    }
    return rehearse(library.load("adamw_initial"), num_children, **options | changes)


def test_rehearsal_is_a_function_of_its_seed():
    first, second, other = rehearsed(), rehearsed(), rehearsed(seed=2)
    assert first[:2] == second[:2] and first[:2] != other[:2]


def test_rehearsal_counts_every_different_program_once():
    rehearsal = rehearsed()
    assert len(rehearsal.programs) == 300
    assert set(rehearsal.programs) | {0} == set(range(len(rehearsal.candidates)))
    new = [
        number
        for i, number in enumerate(rehearsal.programs)
        if number not in rehearsal.programs[:i]
    ]
    assert [number for number in new if number] == list(range(1, len(rehearsal.candidates)))
    assert 1 < len(rehearsal.candidates) < 300
    assert 0 < sum(candidate.fails for candidate in rehearsal.candidates) < 150


def test_rehearsal_evaluates_anew_what_is_born_again_and_breeds_the_same():
    plain = rehearsed()
    again = rehearsed(reevaluation=Reevaluation("average", every=3, max_evaluations=4))
    births = Counter(number for number in plain.programs if number)
    expected = sum(min(1 + (count - 1) // 3, 4) for count in births.values())
    assert len(again.candidates) - 1 == expected > len(births)
    kinds = [[run.candidates[number] for number in run.programs] for run in (plain, again)]
    assert kinds[0] == kinds[1]


COSTS = [
    TaskCost("one", 1000, 100, 0.5, 1e-2, 1.0, 4.0),
    TaskCost("two", 10, 10, 0.1, 1e-2, 1.0, 2.0),
]


def estimated(rehearsal, num_children=300, num_workers=0, num_cores=2, slack=None, **limit):
    return estimate(
        COSTS,
        rehearsal,
        num_children=num_children,
        num_workers=num_workers,
        num_cores=num_cores,
        lag=LAG,
        slack=slack,
        **limit,
    )


def test_estimate_in_process_is_the_sum():
    rehearsal = rehearsed()
    found = estimated(rehearsal)
    work = sum(
        IN_PROCESS.call_seconds
        + (
            COSTS[0].seconds(c.functions, 0.1)
            if c.fails
            else sum(x.seconds(c.functions) for x in COSTS)
        )
        for c in rehearsal.candidates[1:]
    )
    breeding = 300 * (rehearsal.child_seconds + IN_PROCESS.record_seconds)
    assert found.num_evaluations == len(rehearsal.candidates)
    assert found.searching_seconds == pytest.approx(work + breeding)
    assert found.starting_seconds == pytest.approx(6.0)
    busy = found.stretched(3.0)
    assert busy.searching_seconds == pytest.approx(3 * found.searching_seconds)
    assert busy.starting_seconds == found.starting_seconds


def test_workers_share_cores():
    rehearsal = rehearsed()
    one, two, four = (estimated(rehearsal, num_workers=count) for count in (1, 2, 4))
    assert 1.6 < one.searching_seconds / two.searching_seconds <= 2
    assert four.searching_seconds == pytest.approx(two.searching_seconds, rel=0.1)
    assert one.starting_seconds == two.starting_seconds == BY_WORKERS.start_seconds + 6.0
    assert four.starting_seconds == two.starting_seconds  # one compiles for all
    many = estimated(rehearsal, num_workers=4, num_cores=4)
    assert many.searching_seconds < two.searching_seconds


def test_hurdles_save_what_they_are_expected_to():
    assert saved_share(None) == 0 and saved_share(100.0) == 0
    assert 0.6 < saved_share(0.75) < saved_share(0.3) < saved_share(0.0) < 0.8
    rehearsal = rehearsed()
    without, with_hurdles = (estimated(rehearsal, slack=slack) for slack in (None, 0.75))
    assert 0.25 < with_hurdles.searching_seconds / without.searching_seconds < 0.5
    assert with_hurdles.evaluation_seconds == without.evaluation_seconds


def test_longer_runs_take_longer_and_find_fewer_new_programs():
    rehearsal = rehearsed()
    times = [estimated(rehearsal, num_children=n) for n in (300, 3_000, 30_000)]
    for shorter, longer in zip(times, times[1:], strict=False):
        assert shorter.seconds < longer.seconds < 10 * shorter.seconds
        assert shorter.num_evaluations < longer.num_evaluations < 10 * shorter.num_evaluations


@pytest.mark.parametrize("limit", [5.0, 60.0, 400.0, 1e9])
def test_a_run_ends_with_its_training(limit):
    rehearsal = rehearsed()
    found = estimated(rehearsal, num_children=30_000, max_trainings=limit)
    whole = estimated(rehearsal, num_children=30_000)
    if limit > whole.num_trainings:
        assert found == whole
    else:  # it ends with a candidate as a whole
        assert found.num_trainings == pytest.approx(limit, rel=0.02, abs=1.0)
        assert found.num_children < 30_000 and found.searching_seconds < whole.searching_seconds


def test_run_without_children_only_starts():
    found = estimated(rehearsed(0), num_children=0)
    assert (found.num_evaluations, found.searching_seconds) == (1, 0.0)


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0 s"),
        (0.00123, "0.0012 s"),
        (4.56, "4.6 s"),
        (65, "65 s"),
        (130, "2.2 min"),
        (5000, "83 min"),
        (20_000, "5.6 h"),
        (10**7, "120 days"),
    ],
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text
