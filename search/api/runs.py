"""Read a recorded run from Python."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lionhunt.search.api.programs import OptimizerProgram, program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.hall_of_fame import hall_of_fame
from lionhunt.search.driver.objectives.front import read_front
from lionhunt.search.driver.progress import is_at_end
from lionhunt.search.driver.setup import load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.storage.export import to_table
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.run_store import RunStore

if TYPE_CHECKING:
    import pandas
    import pyarrow


def load(folder: str | Path) -> "Run":
    """Return a run to read, also while another process writes it.

    Raises:
        RecordError: the folder holds no run.
    """
    with RunStore.open_to_read(Path(folder)):
        return Run(Path(folder))


class Run:
    """A recorded run, to read. Every attribute reads the file as it is now.

    Args:
        folder: of the run.

    Example:
        >>> found = load(finished_run)
        >>> found.best.fitness >= 0
        True
        >>> found.query("SELECT count(*) AS programs FROM individuals")
        [{'programs': 60}]
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def best(self) -> OptimizerProgram | None:
        """Return the fittest program, or None if no program has a fitness yet."""
        with self._open() as store:
            found = store.best()
        return None if found is None else self.program(found.individual.index)

    def program(self, index: int) -> OptimizerProgram:
        """Return one program by its number, from 0 in order of birth."""
        return program(f"{self.folder}:{index}")

    def programs(self) -> "pandas.DataFrame | pyarrow.Table | list[dict[str, Any]]":
        """Return a row for every program: its parent, text, fingerprint, fitness and scores.

        Returns:
            A pandas table if pandas is installed, else a pyarrow table if that is installed, else
            a list of dicts. The columns are those of `lionhunt export-run`.
        """
        with self._open() as store:
            table = to_table(store)
            columns = list(table.columns)
            records = [dict(zip(columns, row, strict=True)) for row in table.rows]
        with contextlib.suppress(ImportError):
            import pandas

            return pandas.DataFrame.from_records(records, columns=columns)
        with contextlib.suppress(ImportError):
            import pyarrow

            return pyarrow.Table.from_pylist(records)
        return records

    def hall_of_fame(self) -> "HallOfFame":
        """Return the best program of each number of needed statements, the shortest first."""
        with self._open() as store:
            members = [m.row.individual.index for m in hall_of_fame(store) if m.is_fitter]
        return HallOfFame(self.program(index) for index in members)

    def front(self) -> list[OptimizerProgram]:
        """Return the programs that no other beats in rank and all costs, the cheapest first.

        The list is empty if `objectives.front` of the config names no cost.
        """
        with self._open() as store:
            members = [row.individual.index for row, _ in read_front(store)]
        return [self.program(index) for index in members]

    def lineage(self, descendant: int | OptimizerProgram) -> list[OptimizerProgram]:
        """Return a program and its ancestors, the oldest first.

        Args:
            descendant: a program of this run, or its number.
        """
        found = self.program(descendant) if isinstance(descendant, int) else descendant
        index = found.index
        if index is None:
            raise ValueError(f"{found.name} is not a program of a run")
        with self._open() as store:
            indices = [stored.individual.index for stored in store.lineage(index)]
        return [self.program(each) for each in indices]

    def query(self, sql: str, seconds: float | None = None) -> list[dict[str, Any]]:
        """Return the rows of one SELECT on the records; docs/records.md lists the tables.

        Args:
            sql: the statement.
            seconds: time limit; none by default.

        Raises:
            QueryError: the text is no SELECT, names an unknown table or column, or takes too long.
        """
        with ask(self.folder, sql, seconds) as answer:
            return [dict(zip(answer.heads, row, strict=True)) for row in answer.rows]

    def summary(self, recheck: bool = False) -> dict[str, Any]:
        """Return counts, scores, settings and versions: what `lionhunt show RUN --json` prints.

        Args:
            recheck: True checks the file also if one of the same bytes was checked before.
        """
        with self._open() as store:
            if recheck:
                store.forget()
            return summarize_run(store)

    def report(self, path: str | Path | None = None) -> Path:
        """Write one HTML file about this run, which needs no network, and return its path.

        Args:
            path: a new file; report.html in the folder of the run, replaced, by default.
        """
        from lionhunt.search.api.pages import report

        return report(self.folder, path)

    def validation(self) -> dict[str, Any] | None:
        """Return the curve of the best program on the validation tasks, its peak and its end.

        Returns:
            `curve` with a point after every so many programs, `peak`, `early_stopped` and `tasks`;
            None if the run has no validation tasks.
        """
        return self.summary()["validation"]

    @property
    def history_digest(self) -> str:
        """Return the SHA-256 digest of the history: equal digests mean equal runs."""
        with self._open() as store:
            return store.history_digest()

    @property
    def config(self) -> RunConfig:
        """Return the configuration that the run was started with."""
        with self._open() as store:
            return load_run(store)[0]

    @property
    def is_complete(self) -> bool:
        """Return True if the run has reached its end."""
        with self._open() as store:
            return is_at_end(store)

    def _open(self) -> contextlib.AbstractContextManager[RunStore]:
        return RunStore.open_to_read(self.folder)

    def __repr__(self) -> str:
        with self._open() as store:
            count, total = store.count(), store.info()["config"]["num_programs"]
        best = self.best
        fitness = "no fitness yet" if best is None else f"best fitness {best.fitness:.4f}"
        return f"<Run {self.folder}: {count:,} of {total:,} programs, {fitness}>"

    def _repr_html_(self) -> str:
        from lionhunt.search.api.html import run_html

        return run_html(self)


class HallOfFame(tuple[OptimizerProgram, ...]):
    """The programs that are fitter than every shorter one, the shortest first."""

    def __repr__(self) -> str:
        rows = [f"{p.num_needed:>10}  {p.fitness:>8.4f}  {p.name}" for p in self]
        return "\n".join(["statements   fitness  program", *rows])

    def _repr_html_(self) -> str:
        from lionhunt.search.api.html import hall_of_fame_html

        return hall_of_fame_html(self)
