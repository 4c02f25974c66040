"""Problems of rows that a sound run never has."""

PROBLEM_OF_SCORES = "an outcome has not one score for each task"
PROBLEMS = {
    'SELECT 1 FROM individuals WHERE parent NOT BETWEEN 0 AND "index" - 1 LIMIT 1': (
        "a program is older than its parent"
    ),
    """SELECT 1 FROM outcomes WHERE json_type(scores) != 'array' OR json_array_length(scores) !=
        iif(reason = 'ok', {num_tasks}, 0) LIMIT 1""": PROBLEM_OF_SCORES,
    """SELECT 1 FROM outcomes WHERE json_type(curves) != 'array'
        OR json_array_length(curves) > {num_tasks} LIMIT 1""": "an outcome has other curves",
    "SELECT 1 FROM outcomes WHERE NOT seconds >= 0 LIMIT 1": "an outcome took less than no time",
}
"""Queries that find a row which no run has, and what is wrong with it."""
