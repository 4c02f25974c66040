"""Races: who races, what they measure, one history after any stop, the gain on fresh seeds."""

import dataclasses
import heapq
import itertools
import json
import math
import statistics
from contextlib import closing

import pytest

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble, assemble_canonical
from lionhunt.search.driver.progress import RunProgress, is_at_end
from lionhunt.search.driver.racing.config import RacingConfig
from lionhunt.search.driver.racing.luck import PRIOR_RACES, Luck
from lionhunt.search.driver.racing.race import prior_luck
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status
from lionhunt.search.evaluation.seeds import evaluation_seed
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import is_one_line
from tests.support.search.forged_runs import forge
from tests.support.search.runs import FormulaPool, advance, create, finished, measured, score

SIZE = {"num_programs": 150, "evolution": {"population_size": 12, "tournament_size": 3, "lag": 6}}
RACING = {"num_best": 4, "max_seeds": 8, "num_fresh": 3}
INITIAL = assemble(load_initial("adamw_initial"))


class Run:
    """A finished run with races."""

    def __init__(self, folder):
        self.folder = folder
        self.pool = FormulaPool()
        with create(folder, **SIZE, racing=RACING) as records:
            advance(records, self.pool)
            self.content = content(records)
            self.rows = list(records.rows())
            self.reference = fingerprint(records.reference())
            self.summary = summarize_run(records)


def content(records: RunStore):
    return list(records.rows()), records.outcome_summaries()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("raced"))


def gain(program, number: int) -> float | None:
    """Compute the fitness of a program in an evaluation; the run's seed is 1."""
    seed = evaluation_seed(1, number)
    measurement = score(assemble_canonical(canonicalize(program)), seed)
    if measurement.status is not Status.OK:
        return None
    return task_fitness(measurement.scores[0], score(INITIAL, seed).scores[0], True)


def gains(program, numbers) -> list[float]:
    """Return the fitness in each of the evaluations that trained."""
    return [each for number in numbers if (each := gain(program, number)) is not None]


def mean_gain(program, last: int) -> tuple[float | None, int]:
    """Return the mean over the evaluations that count, and how many there are."""
    numbers = range(2 if last > 1 else 1, last + 1)
    found = gains(program, numbers)
    return (statistics.fmean(found) if len(found) == len(numbers) else None), len(numbers)


def test_programs_race_while_their_rank_is_among_the_best(run):
    references = [score(INITIAL, evaluation_seed(1, n)).scores[0] for n in range(1, 9)]
    typical = statistics.fmean(references)
    spreads = [statistics.stdev(r / typical for r in references)] * PRIOR_RACES
    deviations = {number: [] for number in range(2, 9)}
    best: list[float] = []
    lasts, known = set(), {}

    def effect(number):
        return statistics.median(deviations[number]) if deviations.get(number) else 0.0

    for row in run.rows:
        program, owner = row.individual.program, row.fingerprint
        if owner in known:
            assert (row.outcome, row.fitness, row.discount) == known[owner]
            continue
        for last in (1, 2, 4, 8):
            fitness, num_seeds = mean_gain(program, last)
            is_reference = owner == run.reference
            seeds = range(2, last + 1) or (1,)
            effects = 0.0 if is_reference else statistics.fmean(map(effect, seeds))
            num_seeds = 7 if is_reference else num_seeds
            margin = effects + statistics.median(spreads) / math.sqrt(num_seeds)
            rank = -math.inf if fitness is None else fitness - margin
            threshold = min(best) if len(best) == 4 else -math.inf
            if owner == run.reference or not rank > threshold:
                break
        assert row.outcome == EvaluationId(owner, last)
        assert row.fitness == (None if fitness is None else pytest.approx(fitness))
        assert row.rank_or_neg_inf == pytest.approx(rank)
        assert row.discount.cost == 0
        best = heapq.nlargest(4, [*best, rank])
        if fitness is not None and last > 2:
            further = dict(enumerate(gains(program, range(2, last + 1)), start=2))
            spreads.append(statistics.stdev(g - effect(n) for n, g in further.items()))
            if last == 8:
                for number, each in further.items():
                    deviations[number].append(each - fitness)
        lasts.add((last, fitness is None))
        known[owner] = row.outcome, row.fitness, row.discount
    assert {(1, False), (1, True), (2, True), (8, False)} <= lasts, lasts
    raced = {name.owner for name, *_ in known.values() if name.number > 1}
    assert run.summary["raced"] == len(raced)
    assert run.summary["race_trainings"] == sum(n.number - 1 for n, *_ in known.values())


def test_lucky_programs_fall(run, tmp_path):
    fallen = [
        row
        for row in run.rows
        if row.outcome.number > 1 and row.fitness is not None and row.fitness < 0
    ]
    assert any((gain(row.individual.program, 1) or 0.0) > 0.3 for row in fallen)
    with create(tmp_path, **SIZE) as records:
        luckiest = advance(records, FormulaPool()).best()
    assert luckiest is not None and luckiest.fitness_or_neg_inf > 1
    assert run.summary["best"]["fitness"] < luckiest.fitness_or_neg_inf / 2


def test_best_and_the_hall_go_by_rank(run):
    rows = [row for row in run.rows if row.fitness is not None]
    expected = max(rows, key=lambda row: (row.rank_or_neg_inf, -row.individual.index))
    assert expected.rank_or_neg_inf < max(row.fitness_or_neg_inf for row in rows)
    with RunStore.open_to_read(run.folder) as records:
        assert records.best() == expected == next(records.fittest())
        assert list(records.best_by_length())
        for member in records.best_by_length():
            same = [row for row in rows if row.num_needed == member.num_needed]
            assert member.rank == max(row.rank_or_neg_inf for row in same)
        assert RunProgress.of_records(records).best == expected
    # The best went through all rounds, so no later program was luckier with fewer.
    assert expected.outcome.number == 8


def test_races_train_without_hurdles_before_what_waits(run, tmp_path):
    later = [job for job in run.pool.jobs if EvaluationId.parse(job.name).number > 1]
    assert {job.hurdles for job in later} == {None}
    for job in later:
        assert job.seed == evaluation_seed(1, EvaluationId.parse(job.name).number)
        owner = EvaluationId.parse(job.name).owner
        assert job.is_urgent == (owner != run.reference)


def test_any_stop_between_rounds_gives_the_same_records(run, tmp_path):
    """Stop after every few results, in the middle of races and of the trainings at the end."""
    with create(tmp_path, **SIZE, racing=RACING):
        pass
    num_stops, is_done = 0, False
    while not is_done:
        with RunStore.open_to_write(tmp_path) as records:
            pool = FormulaPool(num_stops)
            config, initial = load_run(records)
            search = Search(config, initial, records, pool, score(INITIAL))
            with closing(search.run()) as events:
                for _ in itertools.islice(events, 1 + num_stops % 5):
                    pass
            is_done = is_at_end(records)
        num_stops += 1
    assert num_stops > 30
    with RunStore.open_to_read(tmp_path) as records:
        assert content(records) == run.content


def test_best_is_trained_on_fresh_seeds_and_the_optimism_is_told(run, invoke_cli):
    luck, index = run.summary["luck"], run.summary["best"]["index"]
    best = run.rows[index]
    fresh = gains(best.individual.program, (9, 10, 11))
    names = {str(EvaluationId(best.fingerprint, number)) for number in (9, 10, 11)}
    assert names <= run.content[1].keys()
    assert luck["fresh"]["seeds"] == 3 and luck["fresh"]["failed"] == 3 - len(fresh)
    assert luck["fresh"]["gain"] == pytest.approx(statistics.fmean(fresh))
    assert luck["search"]["gain"] == pytest.approx(best.fitness) and luck["search"]["seeds"] == 7
    assert luck["search"]["low"] < luck["search"]["gain"] < luck["search"]["high"]
    scores = run.summary["best"]["scores"]["digits_mlp"]
    assert scores["fitness"] == pytest.approx(best.fitness)
    initial = [score(INITIAL, evaluation_seed(1, n)).scores[0] for n in range(2, 9)]
    of_initial = run.summary["initial"]["scores"]["digits_mlp"]["score"]
    assert of_initial == pytest.approx(statistics.fmean(initial))
    others = [n for n in run.content[1] if EvaluationId.parse(n).number > 8 and n not in names]
    assert {EvaluationId.parse(name).owner for name in others} == {run.reference}
    status, out, _ = invoke_cli("show", run.folder)
    assert status == 0 and "on fresh seeds" in out and f"{run.summary['raced']} programs" in out


def test_run_is_not_complete_before_the_fresh_seeds(run, tmp_path):
    with create(tmp_path, **SIZE, racing=RACING) as records:
        advance(records, FormulaPool(), 150)
        assert RunProgress.of_records(records).is_done and not is_at_end(records)
        summary = summarize_run(records)
        assert not summary["complete"] and summary["luck"]["fresh"]["seeds"] == 0
        assert summary["luck"]["optimism"] is None
        advance(records, FormulaPool())
        assert is_at_end(records) and summarize_run(records)["complete"]
        assert content(records) == run.content


def test_limit_of_training_counts_races(tmp_path):
    options = SIZE | {"num_programs": 10_000, "max_trainings": 25.0}
    with create(tmp_path, **options, racing=RACING) as records:
        advance(records, FormulaPool())
        progress = RunProgress.of_records(records)
        raced = {row.outcome for row in records.rows() if row.outcome.number > 1}
        names = {name for outcome in raced for name in outcome.up_to()}
        names |= {row.outcome for row in records.rows()}
        assert progress.num_chunks == sum(measured(records, n).num_chunks for n in names)
        assert len(raced) > 3 and progress.is_done and progress.num_programs < 10_000


class MultiplesPool(FormulaPool):
    """A pool that chooses 0.5 as the multiple of every program, and 2 for the reference."""

    def _choose(self, measurement, bytecode):
        is_reference = all((a == b).all() for a, b in zip(bytecode, INITIAL, strict=True))
        return dataclasses.replace(measurement, multiples=(2.0 if is_reference else 0.5,))

    def start(self, reference):
        return self._choose(super().start(reference), reference.bytecode)

    def wait(self, seconds):
        jobs = {job.name: job for job in self.queue}
        return [(name, self._choose(m, jobs[name].bytecode)) for name, m in super().wait(seconds)]


def test_races_train_at_the_multiples_that_were_best(tmp_path):
    pool = MultiplesPool()
    sizes = {"step_sizes": [0.5, 1.0, 2.0]}
    with create(tmp_path, **SIZE, racing=RACING, evaluation=sizes) as records:
        reference = fingerprint(records.reference())
        advance(records, pool)
    later = [job for job in pool.jobs if EvaluationId.parse(job.name).number > 1]
    for job in later:
        is_reference = EvaluationId.parse(job.name).owner == reference
        assert job.multiples == ((2.0,) if is_reference else (0.5,),)
    assert len({EvaluationId.parse(job.name).owner for job in later}) > 3


class UnluckyPool(FormulaPool):
    """A pool in which the initial program trains only with the run's own seed."""

    def wait(self, seconds):
        return [(name, Measurement(Status.NOT_FINITE)) for name, _ in super().wait(seconds)]


def test_reference_that_does_not_train_with_another_seed_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"seed of evaluation 2 \(not_finite\); choose another"):
        with create(tmp_path / "run", **SIZE, racing=RACING) as records:
            advance(records, UnluckyPool())
    assert not (tmp_path / "run").exists()


def test_without_races_nothing_is_added(tmp_path):
    plain = finished(tmp_path / "plain", **SIZE)
    off = finished(tmp_path / "off", **SIZE, racing={"num_best": 0, "num_fresh": 5})
    assert plain == off
    with RunStore.open_to_read(tmp_path / "off") as records:
        assert summarize_run(records)["luck"] is None
        assert not any("#" in name for name in records.outcome_summaries())


@pytest.mark.parametrize("racing", [{"num_best": 10**6}, {"more": 1}, {"max_seeds": 1}, 5])
def test_racing_that_no_run_has_is_damage(racing, tmp_path, invoke_cli):
    finished(tmp_path)
    with RunStore.open_to_read(tmp_path) as records:
        config = records.info()["config"]
    changed = config["racing"] | racing if isinstance(racing, dict) else racing
    forge(tmp_path, "run", "value", json.dumps(config | {"racing": changed}), "key = 'config'")
    for command in ("show", "resume"):
        status, _, err = invoke_cli(command, tmp_path)
        assert status == 2 and is_one_line(err) and "is damaged (" in err


def test_one_bad_seed_does_not_discount_all_others():
    luck = Luck([0.01, -0.01, 0.0], max_seeds=5)
    assert luck.sigma == pytest.approx(0.01) and luck.standard_error(4) == pytest.approx(0.005)
    luck.add({2: -30.0, 3: 0.01, 4: 0.02})
    luck.add({2: 0.5})
    assert luck.sigma == pytest.approx(0.01)
    for _ in range(9):
        luck.add({2: 0.03, 3: -0.03, 4: 0.0})
    assert luck.sigma == pytest.approx(0.03)
    # None of these races was complete.
    assert luck.effect(2) == 0.0


def test_what_a_seed_adds_to_all_gains_is_no_luck_of_a_program():
    luck = Luck([0.1, -0.1, 0.0], max_seeds=4)
    effects = {2: 0.5, 3: -0.5, 4: 0.0}
    for gain in (0.0, 1.0, -2.0, 0.3, 0.4, 0.5):
        luck.add({number: gain + effect for number, effect in effects.items()})
    assert {number: luck.effect(number) for number in effects} == pytest.approx(effects)
    # With the effects known, nothing is left of the spread.
    for _ in range(9):
        luck.add({number: 0.2 + effect for number, effect in effects.items()})
    assert luck.sigma == pytest.approx(0.0, abs=1e-12)
    assert luck.margin([2]) == pytest.approx(0.5) and luck.margin([2, 3]) == pytest.approx(0.0)
    # No known optimizer was trained with the first seed.
    assert luck.effect(1) == 0.0


def test_known_optimizers_tell_what_the_first_seed_adds():
    luck = Luck([0.1, -0.1, 0.0], max_seeds=4)
    effects = {1: 0.8, 2: 0.5, 3: -0.5, 4: 0.0}
    for gain in (0.0, 1.0, -2.0):
        luck.add({number: gain + effect for number, effect in effects.items()})
    assert {number: luck.effect(number) for number in effects} == pytest.approx(effects)
    # Races of programs that their first seed made race say nothing about it.
    luck.add({2: 0.5, 3: -0.5, 4: 0.0})
    assert luck.effect(1) == pytest.approx(0.8)
    assert luck.margin([1]) == pytest.approx(0.8 + luck.sigma)


@pytest.mark.parametrize("failed", [None, 3])
def test_known_optimizers_are_paired_with_the_reference_by_seed(failed: int | None):
    references = [Measurement(Status.OK, (score,)) for score in (2.0, 1.0, 4.0)]
    known = {}
    failure = Measurement(Status.NOT_FINITE)
    for owner, factor in (("a", 0.5), ("b", 0.25)):
        for number, reference in enumerate(references, 1):
            lucky = 0.1 if number == 1 else 0.0
            score = reference.scores[0] * factor - lucky
            is_ok = number != failed or owner == "b"
            measurement = Measurement(Status.OK, (score,)) if is_ok else failure
            known[EvaluationId(owner, number)] = measurement
    luck = prior_luck(
        RacingConfig(num_best=3, max_seeds=3),
        references,
        known,
        "reference",
        lambda _, one, zero: (
            (zero.scores[0] - one.scores[0]) / zero.scores[0] if one.scores else None
        ),
    )
    assert luck is not None
    # One that failed with a seed says nothing, the other does.
    assert luck.effect(1) == pytest.approx(0.05)
    assert luck.effect(2) == pytest.approx(0.0) == luck.effect(3)
