"""The drop-one check: planted losses get their verdicts, and the report shows them."""

from lionhunt import dsl
from lionhunt.dsl.edits.ablations import list_ablations
from lionhunt.search.simplification.drop_one import measure_removals
from lionhunt.search.simplification.measure import ChangeVerdict
from lionhunt.search.storage.program_ref import Source
from tests.support.search.planted_scores import PROGRAM, PlantedPool, make_measurer

SOURCE = Source("planted", PROGRAM)


def evidence_of(order_seed=0):
    measurer = make_measurer(order_seed=order_seed)
    removals = list_ablations(PROGRAM)
    return dict(zip(removals, measure_removals(SOURCE, removals, measurer), strict=True)), measurer


def test_every_part_is_measured_against_the_whole_program():
    found, measurer = evidence_of()
    assert {"state m", "update = tanh(update)"} <= {removal.statement for removal in found}
    for removal, evidence in found.items():
        functions = {statement.op for statement in removal.program.statements}
        if not {"exp", "interp"} <= functions or "add" not in functions:
            assert evidence.verdict is ChangeVerdict.HARMFUL
        if functions == {statement.op for statement in PROGRAM.statements} - {"tanh"}:
            assert evidence.verdict is ChangeVerdict.HARMLESS
            assert evidence.tasks[0].loss == (0.0, 0.0, 0.0)
    whole = dsl.fingerprint(PROGRAM)
    assert isinstance(measurer.pool, PlantedPool)
    assert any(job.name.startswith(whole) for job in measurer.pool.submitted)


def test_the_order_of_trainings_changes_nothing():
    assert evidence_of(1)[0] == evidence_of(2)[0]
