"""The kinds of files of records, and their tables in SQL.

The tables of a run; every row ends in a checksum:

    run          key, value (JSON): config, initial program, tasks, versions
    individuals  one row a program, by birth; written in order, once all before it have an outcome
    outcomes     one row an evaluation, written when a worker ends it; the key is the fingerprint,
                 or FINGERPRINT#NUMBER for a later evaluation, on another seed
    taken        the outcome of an individual, where it is not its fingerprint's own: that of an
                 older one with the same functional fingerprint
    discounts    the difference between fitness and rank of an individual, where there is one
    multiples    the best multiple of the update for each task, and the chunks of training that all
                 multiples ran, for each outcome of a run with step sizes
    validations  the measurement of a program on a validation task, by fingerprint and number of the
                 task
    functional   the functional fingerprint of every fingerprint, in order of birth, if it is used
    costs        the state, length and work of every fingerprint, if the run has objectives
    objectives   the further numbers of the user's function of fitness, for each outcome
    origins      the second parent of an individual, and the invalid mutants that the user's
                 mutations returned before it, where there are any

The view `history` has the individuals with the outcome of each. The tables of comparisons,
selections and simplifications are described beside their stores.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from lionhunt.search.errors import RecordError, command_line

_RUN = """
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

_LATER = {
    "multiples": """
CREATE {} TABLE IF NOT EXISTS multiples (
    outcome TEXT PRIMARY KEY, multiples TEXT NOT NULL, num_chunks INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
    "taken": """
CREATE {} TABLE IF NOT EXISTS taken (
    "index" INTEGER PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT NOT NULL, fitness REAL,
    checksum INTEGER NOT NULL
) STRICT;
""",
    "discounts": """
CREATE {} TABLE IF NOT EXISTS discounts (
    "index" INTEGER PRIMARY KEY, margin REAL NOT NULL, cost REAL NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
""",
    "validations": """
CREATE {} TABLE IF NOT EXISTS validations (
    fingerprint TEXT, task INTEGER, reason TEXT NOT NULL, scores TEXT NOT NULL,
    curves TEXT NOT NULL, seconds REAL NOT NULL, multiples TEXT NOT NULL,
    num_chunks INTEGER NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (fingerprint, task)
) STRICT, WITHOUT ROWID;
""",
    "functional": """
CREATE {} TABLE IF NOT EXISTS functional (
    fingerprint TEXT PRIMARY KEY, functional TEXT NOT NULL, checksum INTEGER NOT NULL
) STRICT;
""",
    "costs": """
CREATE {} TABLE IF NOT EXISTS costs (
    fingerprint TEXT PRIMARY KEY, state INTEGER NOT NULL, length INTEGER NOT NULL,
    work INTEGER NOT NULL, checksum INTEGER NOT NULL
) STRICT;
""",
    "objectives": """
CREATE {} TABLE IF NOT EXISTS objectives (
    outcome TEXT PRIMARY KEY, objectives TEXT NOT NULL, checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
    "origins": """
CREATE {} TABLE IF NOT EXISTS origins (
    "index" INTEGER PRIMARY KEY, second_parent INTEGER, invalid TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
""",
    "history": """
CREATE {} VIEW IF NOT EXISTS history AS
    SELECT individuals."index", parent, mutation, num_draws, program, individuals.fingerprint,
        num_statements, num_needed, outcomes.fingerprint AS outcome,
        iif(taken.outcome IS NULL, outcomes.fitness, taken.fitness) AS fitness,
        iif(taken.outcome IS NULL, outcomes.fitness, taken.fitness)
            - coalesce(margin, 0.0) - coalesce(cost, 0.0) AS rank,
        coalesce(margin, 0.0) AS margin, coalesce(cost, 0.0) AS cost,
        coalesce(taken.reason, outcomes.reason) AS reason, scores, curves, seconds, multiples
    FROM individuals LEFT JOIN taken USING ("index") LEFT JOIN discounts USING ("index")
    JOIN outcomes ON outcomes.fingerprint = coalesce(taken.outcome, individuals.fingerprint)
    LEFT JOIN multiples ON multiples.outcome = outcomes.fingerprint;
""",
}

_EARLIER = """
CREATE VIEW history AS
    SELECT individuals."index", parent, mutation, num_draws, program, individuals.fingerprint,
        num_statements, num_needed, outcomes.fingerprint AS outcome,
        iif(taken.outcome IS NULL, outcomes.fitness, taken.fitness) AS fitness,
        coalesce(taken.reason, outcomes.reason) AS reason, scores, curves, seconds
    FROM individuals LEFT JOIN taken USING ("index")
    JOIN outcomes ON outcomes.fingerprint = coalesce(taken.outcome, individuals.fingerprint);
"""

_COMPARISON = """
CREATE TABLE comparison (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL)
    STRICT;
CREATE TABLE trainings (
    task TEXT, optimizer TEXT, seed INTEGER, in_detail INTEGER, reason TEXT NOT NULL,
    scores TEXT NOT NULL, curves TEXT NOT NULL, seconds REAL NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (task, optimizer, seed, in_detail)
) STRICT, WITHOUT ROWID;
"""

_SELECTION = """
CREATE TABLE selection (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL)
    STRICT;
CREATE TABLE measurements (
    part TEXT, fingerprint TEXT, seed INTEGER, reason TEXT NOT NULL, scores TEXT NOT NULL,
    curves TEXT NOT NULL, seconds REAL NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (part, fingerprint, seed)
) STRICT, WITHOUT ROWID;
CREATE TABLE trials (
    part TEXT, contender TEXT, trial INTEGER, program TEXT NOT NULL,
    learning_rate REAL NOT NULL, fitness REAL, reason TEXT NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (part, contender, trial)
) STRICT, WITHOUT ROWID;
CREATE TABLE verdicts (
    part TEXT, contender TEXT, fitness REAL, reason TEXT NOT NULL, advantage REAL, low REAL,
    high REAL, goes_on INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (part, contender)
) STRICT, WITHOUT ROWID;
"""

_SIMPLIFICATION = """
CREATE TABLE simplification (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL)
    STRICT;
CREATE TABLE trained (
    training TEXT PRIMARY KEY, reason TEXT NOT NULL, scores TEXT NOT NULL, curves TEXT NOT NULL,
    seconds REAL NOT NULL, checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclasses.dataclass(frozen=True)
class FileKind:
    """A kind of files of records.

    Attributes:
        noun: its name in messages.
        file_name: of the file in its folder.
        application_id: the number in the header by which SQLite tells it from other databases.
        version: of its tables.
        start_command: the command that makes one.
        resume_command: the command that continues the one in a folder; None if that is the command
            that began it.
        tables: the SQL statements that make its tables.
        later: those of tables and views that files of earlier versions lack, by name; `{}` takes
            TEMP or nothing.
        earlier: the SQL statements by which earlier versions made views of the same names.
    """

    noun: str
    file_name: str
    application_id: int
    version: int
    start_command: str
    resume_command: str | None
    tables: str
    later: Mapping[str, str] = dataclasses.field(default_factory=dict)
    earlier: str = ""

    @property
    def schema(self) -> str:
        """Return the SQL statements that make all tables and views."""
        return self.tables + "".join(later.format("") for later in self.later.values())

    def locate(self, path: Path) -> Path:
        """Return the file that `path` names: its folder, or the file itself."""
        return path / self.file_name if path.is_dir() else path

    def way_on(self, folder: Path) -> str:
        """Return the command that continues the one in a folder."""
        if self.resume_command is None:
            return "the command that began it"
        return command_line(self.resume_command, folder)

    def check_free(self, folder: Path) -> None:
        """Raise `RecordError` if the folder holds one: results are never overwritten."""
        if (folder / self.file_name).exists():
            raise RecordError(
                f"{folder} holds a {self.noun}; choose another --out, or continue it with: "
                f"{self.way_on(folder)}"
            )

    def foreign(self, file: Path) -> RecordError:
        """Return the error for a file of another kind."""
        return RecordError(
            f"{file} is not a {self.noun} of lionhunt; it was left alone: give another path"
        )


# The application ids read LION, LIOC and LIOS.
RUN = FileKind(
    "run",
    "run.sqlite",
    0x4C494F4E,
    version=1,
    start_command="lionhunt search CONFIG",
    resume_command="resume",
    tables=_RUN,
    later=_LATER,
    earlier=_EARLIER,
)

COMPARISON = FileKind(
    "comparison",
    "comparison.sqlite",
    0x4C494F43,
    version=1,
    start_command="lionhunt compare CONFIG",
    resume_command=None,
    tables=_COMPARISON,
)

SELECTION = FileKind(
    "selection",
    "selection.sqlite",
    0x4C494F53,
    version=1,
    start_command="lionhunt select RUN... --config CONFIG",
    resume_command=None,
    tables=_SELECTION,
)

SIMPLIFICATION = FileKind(
    "simplification",
    "simplification.sqlite",
    0x4C494F44,
    version=1,
    start_command="lionhunt study CONFIG",
    resume_command=None,
    tables=_SIMPLIFICATION,
)
