"""Runs with functions of the user: one history with all stops, and none after an edit."""

import pytest

from lionhunt.search.driver.summary import summarize_program, summarize_run
from lionhunt.search.errors import SourceError
from lionhunt.search.storage.program_ref import find_program
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.user_code.functions import load_functions
from tests.support.own_functions import NAMES, TEXT, write_functions
from tests.support.search.runs import RAW, FormulaPool, advance, create, finished

RAISES = "raise SystemExit('executed')\n"


@pytest.fixture
def source(tmp_path):
    """Return the file of the functions."""
    return write_functions(tmp_path)


def changes(source):
    mutation = {"functions": ["own", "add", "multiply"]}
    return {"functions_from": [str(source)], "mutation": mutation}


def finish(folder, source, pool=None) -> str:
    with load_functions([str(source)]):
        return finished(folder, pool, **changes(source))


def texts(folder) -> str:
    with ask(folder, "SELECT program FROM individuals") as answer:
        return "\n".join(text for (text,) in answer.rows)


def test_history_does_not_depend_on_stops(tmp_path, source):
    whole = finish(tmp_path / "whole", source, FormulaPool(seed=1))
    with load_functions([str(source)]), create(tmp_path / "parts", **changes(source)) as records:
        advance(records, FormulaPool(seed=2), 40)
    for seed, end in ((3, 80), (4, None)):
        with RunStore.open_to_write(tmp_path / "parts") as records:
            advance(records, FormulaPool(seed), end)
            digest = records.history_digest()
    assert digest == whole
    assert all(f"{name}(" in texts(tmp_path / "whole") for name in NAMES)


def test_another_rule_makes_other_fingerprints(tmp_path, source):
    finish(tmp_path / "one", source)
    write_functions(tmp_path, TEXT.replace("(1 + np.abs", "(np.float32(1) + np.abs"))
    finish(tmp_path / "other", source)
    found = []
    for name in ("one", "other"):
        with ask(tmp_path / name, "SELECT program, fingerprint FROM individuals") as answer:
            found.append(dict(answer.rows))
    both = found[0].keys() & found[1].keys()
    with_own = {text for text in both if any(f"{name}(" in text for name in NAMES)}
    differing = {text for text in both if found[0][text] != found[1][text]}
    assert differing and differing <= with_own


def test_resume_after_an_edit_is_refused_and_names_the_file(tmp_path, source):
    folder = tmp_path / "run"
    with load_functions([str(source)]), create(folder, **changes(source)) as records:
        advance(records, FormulaPool(), 40)
        digest = records.history_digest()
    write_functions(tmp_path, TEXT + "\n# edited\n")
    with RunStore.open_to_write(folder) as records:
        with pytest.raises(SourceError, match="my_functions.py changed since") as caught:
            advance(records, FormulaPool())
    assert str(folder) in str(caught.value) and len(str(caught.value).splitlines()) == 1
    with RunStore.open_to_read(folder) as records:
        assert records.history_digest() == digest
    write_functions(tmp_path)
    with RunStore.open_to_write(folder) as records:
        advance(records, FormulaPool())
        assert records.count() == RAW["num_programs"]


def test_reading_executes_nothing(tmp_path, source):
    folder = tmp_path / "run"
    finish(folder, source)
    with ask(folder, "SELECT \"index\" FROM history WHERE program LIKE '%softsign(%'") as answer:
        index = next(iter(answer.rows))[0]
    for text in (RAISES, None):
        source.write_text(text) if text else source.unlink()
        found = find_program(f"{folder}:{index}")
        with found.functions:
            summary = summarize_program(found)
        assert "softsign(" in summary["program"]
        with RunStore.open_to_read(folder) as records:
            assert summarize_run(records)["best"] is not None
            assert records.row(index).fingerprint == summary["fingerprint"]


def test_functions_of_one_run_are_unknown_in_another(tmp_path, source):
    finish(tmp_path / "own", source)
    plain = finished(tmp_path / "plain")
    with load_functions([str(source)]):
        assert finished(tmp_path / "again") == plain
        with RunStore.open_to_read(tmp_path / "plain") as records:
            assert "functions" not in records.info()


def test_functions_in_the_folder_of_a_run_are_not_executed(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    source = write_functions(folder)
    with load_functions([str(source)]), pytest.raises(SourceError, match="not executed") as caught:
        finished(folder, **changes(source))
    assert str(source) in str(caught.value)
