"""References to programs: a library name, a file, RUN:INDEX, RUN:best, RUN:best@LENGTH, a text."""

import dataclasses
import re
from contextlib import suppress
from pathlib import Path

from lionhunt.dsl import library
from lionhunt.dsl.op_table import OpTable, active_table
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc, parse_docstring
from lionhunt.dsl.text.parser import MAX_CHARACTERS, ProgramError, parse_with_docstring
from lionhunt.search.errors import RecordError, SourceError, did_you_mean
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.storage.stored_program import StoredProgram

MAX_BYTES = 4 * MAX_CHARACTERS + 4
"""More bytes than a program has, at four bytes a character."""

_SQLITE = b"SQLite format 3\x00"
_IN_RUN = re.compile("best|[0-9]{1,12}|best@[0-9]{1,6}")


@dataclasses.dataclass(frozen=True)
class Source:
    """A program and its origin.

    Attributes:
        name: the reference.
        program: as written or bred.
        run: the folder or file of its run; None if it is not of a run.
        row: its record in the run.
        improvements: its oldest ancestor, and all of its line that rank above those before them.
        notes: its docstring; for a program of a run, its number and the run.
        functions: the functions that its words stand for.
    """

    name: str
    program: Program
    run: Path | None = None
    row: StoredProgram | None = None
    improvements: tuple[StoredProgram, ...] = ()
    notes: ProgramDoc = ProgramDoc()
    functions: OpTable = dataclasses.field(default_factory=active_table, compare=False, repr=False)

    @property
    def short_name(self) -> str:
        """Return the name without folders and endings; for a program of a run, its number."""
        if self.row is not None:
            return f"program_{self.row.individual.index}"
        return Path(self.name).name.partition(".")[0]


def is_run(word: str) -> bool:
    """Return whether a word names a run: a folder, or a file that is a database."""
    if not word or word in library.names():
        return False
    path = Path(word)
    # No file can have the name, or its permissions forbid reading it.
    with suppress(OSError):
        if path.is_dir():
            return True
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(_SQLITE)) == _SQLITE
    return False


def find_program(word: str) -> Source:
    """Resolve a reference to a program.

    Args:
        word: a name of the library, a file, or a program of a run: RUN:INDEX, RUN:best, or
            RUN:best@LENGTH for the best with LENGTH needed statements. A word of several lines is
            the text of a program.

    Raises:
        SourceError: the word refers to no program.
        RecordError: the word names a run that cannot be read.
    """
    if word in library.names():
        return Source(word, library.load(word), notes=library.doc(word))
    if "\n" in word:
        program, notes = _parse(word)
        return Source("program", program, notes=notes)
    path = Path(word)
    if _is_file(path):
        program, notes = _parse(_read(path), path)
        return Source(word, program, notes=notes)
    run, colon, which = word.rpartition(":")
    if colon and run and _IN_RUN.fullmatch(which):
        return _in_run(word, Path(run), which)
    if is_run(word):
        raise SourceError(f"{word} is a run; name a program of it, {word}:best or {word}:INDEX")
    raise SourceError(
        f"no program '{word}'{did_you_mean(word, library.names())}; give a file, RUN:INDEX, "
        f"RUN:best, or a name of the library: {', '.join(library.names())}"
    )


def _is_file(path: Path) -> bool:
    # No file can have the name.
    with suppress(OSError):
        return path.is_file()
    return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None


def _parse(text: str | bytes, path: Path | None = None) -> tuple[Program, ProgramDoc]:
    try:
        program, docstring = parse_with_docstring(text)
    except ProgramError as error:
        line, column = error.line, error.column
        place = f"{path}:{line}:{column}" if path else f"line {line}, column {column}"
        raise SourceError(f"{place}: {error.reason}", error.excerpt) from None
    return program, parse_docstring(docstring)


def _in_run(word: str, run: Path, which: str) -> Source:
    if not _is_file(RUN.locate(run)):
        raise RecordError(f"no run at {run}; it is a folder with a file {RUN.file_name}")
    with RunStore.open_to_read(run) as records:
        row = _find_row(records, which)
        if row is None:
            _, _, length = which.partition("@")
            of_length = f" of {length} needed statements" if length else ""
            raise RecordError(f"{run} has no program{of_length} with a fitness yet")
        improvements = tuple(records.improvements(row.individual.index))
        notes = ProgramDoc(f"Program {row.individual.index} of the run {run.name}.")
        return Source(word, row.program, run, row, improvements, notes)


def _find_row(records: RunStore, which: str) -> StoredProgram | None:
    _, at, length = which.partition("@")
    if at:
        return next((r for r in records.best_by_length() if r.num_needed == int(length)), None)
    return records.best() if which == "best" else records.row(int(which))
