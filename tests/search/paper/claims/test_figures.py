"""Pictures of the report on the claims."""

import numpy as np

from lionhunt.search.paper.claims.figures import claims_pictures
from lionhunt.search.paper.toy_problems.adabelief_examples import measure_paths
from lionhunt.search.paper.toy_problems.gradient_memory import Response
from lionhunt.search.paper.toy_problems.report import Examples
from lionhunt.search.statistics import Interval


def test_steps_of_paths_are_counted_in_the_report():
    paths = [path for path in measure_paths(num_steps=50) if path.optimizer == "sgd"]
    response = Response("sgd", (0, 1), (1.0, 0.0), Interval(1.0, 1.0, 1.0), 0, (0.0,) * 3, 1)
    *_, picture = claims_pictures({}, Examples([response], [], paths))
    assert picture.name == "paths"
    _, losses = picture.figure.axes
    assert np.asarray(losses.lines[0].get_xydata())[-1, 0] == 50
