"""The tables of a run, in SQL.

Each has a checksum at the end of its rows:

    run          key, value (JSON): config, initial program, tasks, versions
    individuals  one row a program, by birth; written in order, once all before it have an outcome
    outcomes     one row an evaluation, written when a worker is done with it; named by the
                 fingerprint, and FINGERPRINT#NUMBER where it is a later one, on another seed
    taken        whose outcome an individual has, where it is not its fingerprint's own: that of an
                 elder with the same functional fingerprint, or that of several evaluations
    functional   the functional fingerprint of every fingerprint, in order of birth, if it is used

The view `history` has the individuals with the outcome of each.
"""

TABLES = """
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE individuals (
    "index" INTEGER PRIMARY KEY, parent INTEGER, mutation TEXT NOT NULL, num_draws INTEGER NOT NULL,
    program TEXT NOT NULL, fingerprint TEXT NOT NULL,
    num_statements INTEGER NOT NULL, num_needed INTEGER NOT NULL, checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE outcomes (
    fingerprint TEXT PRIMARY KEY, reason TEXT NOT NULL, fitness REAL,
    scores TEXT NOT NULL, curves TEXT NOT NULL, seconds REAL NOT NULL, checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
"""Of every run."""

LATER = {
    "taken": """
CREATE {} TABLE IF NOT EXISTS taken (
    "index" INTEGER PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT NOT NULL, fitness REAL,
    checksum INTEGER NOT NULL
) STRICT;
""",
    "functional": """
CREATE {} TABLE IF NOT EXISTS functional (
    fingerprint TEXT PRIMARY KEY, functional TEXT NOT NULL, checksum INTEGER NOT NULL
) STRICT;
""",
    "history": """
CREATE {} VIEW IF NOT EXISTS history AS
    SELECT individuals."index", parent, mutation, num_draws, program, individuals.fingerprint,
        num_statements, num_needed, outcomes.fingerprint AS outcome,
        iif(taken.outcome IS NULL, outcomes.fitness, taken.fitness) AS fitness,
        coalesce(taken.reason, outcomes.reason) AS reason, scores, curves, seconds
    FROM individuals LEFT JOIN taken USING ("index")
    JOIN outcomes ON outcomes.fingerprint = coalesce(taken.outcome, individuals.fingerprint);
""",
}
"""What runs from before there were such options do not have."""
