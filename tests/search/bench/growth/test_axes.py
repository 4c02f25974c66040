"""Axes of growth with small sizes, in this process: what they measure. No test depends on speed."""

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench.growth import parameters, population, programs, statements, workers
from lionhunt.search.bench.growth.axis import GrowthAxis
from lionhunt.search.bench.growth.free_scorer import REFERENCE, FreeScorer, MemoryScorer
from lionhunt.search.bench.growth.loop import AXES
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.simulation.toy_objective import QuadraticScorer
from lionhunt.search.workers.local_pool import LocalPool


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    for module in (parameters, population, programs, workers):
        monkeypatch.setattr(module, "run_apart", lambda function, *args: function(*args))


def keys(axis: GrowthAxis) -> set[str]:
    return {axis.name, *(curve.key for curve in axis.curves)}


def test_axes_begin_with_their_smallest_size_and_keep_units_together():
    for axis in AXES.values():
        sizes = axis.sizes + axis.more_sizes
        assert list(sizes) == sorted(set(sizes))
        units = [curve.unit for curve in axis.curves]
        assert units == sorted(units, key=units.index)


def test_width_gives_the_number_of_parameters():
    task = DigitsMLP(width=parameters.width_of(50_000)).build()
    assert task.num_parameters == pytest.approx(50_000, rel=0.01)


def test_parameters_are_measured(monkeypatch):
    trained = []

    def measure_training(task, bytecode, num_steps):
        trained.append((task.num_parameters, num_steps))
        return 2.0, 0.5

    monkeypatch.setattr(parameters, "measure_training", measure_training)
    monkeypatch.setattr(parameters, "ROUND_SECONDS", 1e-3)
    small, large = parameters.measure_parameters([1000, 80_000])
    assert keys(parameters.AXIS) <= small.keys()
    assert trained == [(small["parameters"], 500), (large["parameters"], 250)]
    assert (small["training_ms"], large["training_ms"]) == (1.0, 2.0)
    assert small["optimizer_ms"] > 0 and large["optimizer_ms"] > 0


def test_further_statements_are_needed_and_the_program_still_trains():
    initial = library.load("adamw_initial")
    longer = statements.lengthen(initial, 40)
    assert len(longer.statements) == 40 and sum(find_live(longer)[0]) == 40
    assert longer.statements[: len(initial.statements)] == initial.statements
    jobs = [Job("", assemble(program)) for program in (initial, longer)]
    one, other = QuadraticScorer().evaluate(jobs)
    assert one.status is other.status is Status.OK and one.scores != other.scores


def test_statements_are_measured(monkeypatch):
    steps = []

    def time_step(evaluator, code):
        steps.append(int(code.num_scalar_code + code.num_vector_code))
        return 1e-3

    monkeypatch.setattr(statements, "time_step", time_step)
    monkeypatch.setattr(statements, "_trains", lambda evaluator, code: True)
    monkeypatch.setattr(statements, "NUM_PROGRAMS", 3)
    monkeypatch.setattr(statements, "NUM_CHILDREN", 5)
    short, long = statements.measure_statements([10, 60])
    assert keys(statements.AXIS) <= short.keys()
    assert short["child_ms"] > 0 and long["needed"] < 20
    # The program that is needed whole comes first, then three grown ones.
    assert steps[4] == steps[0] + 50 and max(steps[5:]) < 20


def test_steps_are_timed_on_a_task():
    code = assemble(library.load("sgd"))
    task = DigitsMLP(num_steps=20, batch_size=2, width=2).build()
    assert statements.time_step(Evaluator([task], 0, code.functions), code) > 0


def test_population_is_bred_until_the_initial_one_is_gone(monkeypatch):
    born = []
    breed = population.breed

    def watch(history, fitness, index, **options):
        born.append((index, len(history), min(history)))
        return breed(history, fitness, index, **options)

    monkeypatch.setattr(population, "breed", watch)
    (row,) = population.measure_population([50])
    assert born == [(index, 50, index - 50) for index in range(50, 100)]
    assert keys(population.AXIS) <= row.keys() and 1 < row["different"] <= 51


def test_workers_are_simulated_and_measured(monkeypatch):
    monkeypatch.setattr(workers, "measure_ray", workers.measure_processes)
    monkeypatch.setattr(workers, "REAL_WORKERS", (1, 2))
    monkeypatch.setattr(workers, "NUM_PROGRAMS", 1100)
    monkeypatch.setattr(workers, "NUM_TIMED", 20)
    rows = list(workers.measure_workers([1, 3]))
    assert [row["workers"] for row in rows] == [1, 2, 3]
    assert ["program_ms" in row for row in rows] == [True, False, True]
    assert ["ray_start_seconds" in row for row in rows] == [True, True, False]
    unknown_elsewhere = {"open_files", "worker_mib", "ray_worker_mib"}
    assert keys(workers.AXIS) - unknown_elsewhere <= rows[0].keys()


@pytest.mark.slow
def test_workers_of_ray_are_measured_on_a_cluster_of_their_own():
    row = workers.measure_ray(2)
    assert row["start_seconds"] > 0 and row["evaluation_ms"] > 0


def test_workers_have_two_jobs_each_in_the_pool():
    class Watched(LocalPool):
        num_in_pool = most = 0

        def submit(self, job):
            self.num_in_pool += 1
            self.most = max(self.most, self.num_in_pool)
            super().submit(job)

        def wait(self, seconds):
            measured = super().wait(seconds)
            self.num_in_pool -= len(measured)
            return measured

    pool = Watched(FreeScorer)
    code = assemble(library.load("lion"))
    pool.start(Job(REFERENCE, code))
    scores = workers.score_with(pool, [Job(str(number), code) for number in range(9)], 2)
    assert len(set(scores)) == 9 and pool.most == 4


def test_run_grows_from_size_to_size(monkeypatch):
    monkeypatch.setattr(programs, "_show", lambda run: {"show_seconds": 1.0, "show_mib": 1.0})
    small, large = programs.measure_programs([1100, 1300])
    assert keys(programs.AXIS) <= small.keys()
    assert 1100 <= small["programs"] < 1300 <= large["programs"]
    assert small["evaluated"] < large["evaluated"]
    assert small["records_mb"] < large["records_mb"]


def test_sizes_that_take_too_long_are_left_out(monkeypatch):
    grown = []

    def grow_run(run, config, size):
        grown.append(size)
        return {"programs": size, "program_ms": 1.0}

    monkeypatch.setattr(programs, "grow_run", grow_run)
    monkeypatch.setattr(programs, "_resume", lambda run: {})
    monkeypatch.setattr(programs, "_show", lambda run: {})
    rows = list(programs.measure_programs([1000, 300_000, 400_000]))
    assert [row["programs"] for row in rows] == [1000, 300_000]
    assert grown == [1, 1000, 300_000]


def test_free_scorer_prefers_the_length_of_adamw():
    codes = {name: assemble(library.load(name)) for name in ("adamw_initial", "sgd")}
    jobs = [Job(f"{name} {number}", code) for name, code in codes.items() for number in range(20)]
    scores = [measurement.scores[0] for measurement in FreeScorer().evaluate(jobs)]
    assert min(scores[:20]) > max(scores[20:])
    assert scores == [measurement.scores[0] for measurement in FreeScorer().evaluate(jobs)]


def test_all_workers_score_the_reference_alike():
    code = assemble(library.load("lion"))
    (measurement,) = MemoryScorer().evaluate([Job(REFERENCE, code)])
    assert measurement.scores == (1.0,)
