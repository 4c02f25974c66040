"""One HTML file of a run or of an experiment."""

from pathlib import Path

from lionhunt.search.errors import OutputError
from lionhunt.search.storage.atomic_file import new_file
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN

PAGE = "report.html"


def report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one HTML file about a run or an experiment, which needs no network.

    Args:
        folder: of a run, which may be running, or of an experiment that wrote its report.
        out: a new file; report.html in the folder, replaced, by default.

    Returns:
        The path of the file.

    Raises:
        LionhuntError: the folder has neither, it is damaged, or the file cannot be written.

    Example:
        >>> report(finished_run, folder / "run.html").name
        'run.html'
    """
    # They import Jinja, which takes a while.
    from lionhunt.search.report_page import folder_page, run_page
    from lionhunt.search.reporting.replaced_file import write_whole

    given = Path(folder)
    if RUN.locate(given).is_file():
        with RunStore.open_to_read(given) as records:
            page, home = run_page(records), records.path.parent
    else:
        page, home = folder_page(given), given
    if out is not None:
        with new_file(Path(out)) as part:
            part.write_text(page, "utf-8")
        return Path(out)
    try:
        write_whole(home / PAGE, page)
    except OSError as error:
        raise OutputError(f"cannot write {home / PAGE}: {error.strerror}; give --out") from None
    return home / PAGE
