"""Results of a comparison: the numbers of a detailed measurement get names."""

from lionhunt.search.comparison.result import to_final
from lionhunt.search.evaluation.outcome import Measurement, Status
from tests.support.search.comparison_runs import score


def test_numbers_of_a_detailed_measurement_have_names():
    class Job:
        rule, task, seed, in_detail = "fine", 0, 1, True

    measurement = score(Job)
    final = to_final(measurement)
    assert final is not None
    numbers = (final.score, final.training_loss, *final.absolute_noise, *final.relative_noise)
    assert numbers == measurement.scores
    assert (final.training_curve, final.validation_curve) == measurement.curves
    assert to_final(Measurement(Status.CRASHED)) is None
