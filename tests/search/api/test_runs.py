"""Runs from Python: started, stopped, continued and read."""

import importlib
import shlex
import sys

import pytest

import lionhunt
from lionhunt.search.api import searches
from lionhunt.search.driver import scoring
from lionhunt.search.errors import ConfigError, QueryError, RecordError
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import (
    RAW,
    FormulaPool,
    advance,
    create,
    finished,
    start_formula_pool,
)

CONFIG = RAW | {"num_programs": 60}


@pytest.fixture(autouse=True)
def formula(monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    finished(folder, num_programs=60)
    return folder


def test_run_is_the_run_of_the_loop(folder, tmp_path):
    run = lionhunt.run(CONFIG, out=tmp_path / "new", workers=0)
    assert run.is_complete and run.folder == tmp_path / "new"
    assert run.history_digest == lionhunt.load(folder).history_digest


def test_default_folder_is_the_first_free_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (lionhunt.run(CONFIG, workers=0) for _ in range(2))
    assert [first.folder.as_posix(), second.folder.as_posix()] == ["runs/run", "runs/run-2"]


def test_a_callback_that_returns_true_ends_the_run_and_resume_continues_it(folder, tmp_path):
    counts = []

    def stop(progress):
        counts.append(progress.num_programs)
        return progress.num_programs >= 20

    run = lionhunt.run(CONFIG, out=tmp_path / "run", workers=0, on_progress=stop)
    assert not run.is_complete and 20 <= counts[-1] < 60
    assert len(run.programs()) == counts[-1]
    assert lionhunt.resume(run, workers=0).history_digest == lionhunt.load(folder).history_digest
    assert run.is_complete


def test_resume_of_a_complete_run_starts_no_worker(folder, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", None)
    assert lionhunt.resume(folder).is_complete


def test_an_occupied_folder_is_refused(folder):
    with pytest.raises(RecordError, match="holds a run"):
        lionhunt.run(CONFIG, out=folder)


def test_on_start_comes_before_the_workers(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ConfigError("no workers")

    monkeypatch.setattr(scoring, "start_pool", fail)
    started = []
    with pytest.raises(lionhunt.LionhuntError, match="no workers"):
        lionhunt.run(CONFIG, out=tmp_path / "run", on_start=started.append)
    assert [run.folder for run in started] == [tmp_path / "run"]


def test_a_run_can_be_read_while_another_process_writes_it(tmp_path):
    with create(tmp_path / "run") as store:
        advance(store, FormulaPool(), 30)
        run = lionhunt.load(tmp_path / "run")
        assert not run.is_complete and len(run.programs()) >= 30
        assert run.best is not None


def test_best_hall_of_fame_and_lineage_belong_together(folder):
    run = lionhunt.load(folder)
    best = run.best
    assert best is not None and best.fitness is not None
    members = run.hall_of_fame()
    assert [m.num_needed for m in members] == sorted({m.num_needed for m in members})
    assert max(m.fitness or 0.0 for m in members) == best.fitness
    line = run.lineage(best)
    assert line[-1] == best and line[0].index is not None and line[0].index < 10
    assert line == run.lineage(best.index or 0)
    assert f"{best.fitness:.4f}" in repr(run) and f"{best.fitness:.4f}" in repr(members)


def test_lineage_of_a_foreign_program_is_refused(folder):
    with pytest.raises(ValueError, match="not a program of a run"):
        lionhunt.load(folder).lineage(lionhunt.program("lion"))


def test_query_returns_rows_by_name(folder):
    run = lionhunt.load(folder)
    (row,) = run.query("SELECT count(*) AS programs, max(fitness) AS best FROM history")
    assert row == {"programs": 60, "best": run.best and run.best.fitness}
    with pytest.raises(QueryError, match="only reads"):
        run.query("DELETE FROM individuals")


@pytest.mark.parametrize("hidden", [(), ("pandas",), ("pandas", "pyarrow")])
def test_programs_in_the_table_type_that_is_installed(hidden, folder, monkeypatch):
    for name in hidden:
        monkeypatch.setitem(sys.modules, name, None)
    table = lionhunt.load(folder).programs()
    kind = type(table).__module__.partition(".")[0]
    assert kind not in hidden and len(table) == 60
    if hidden == ("pandas", "pyarrow"):
        assert isinstance(table, list)
        assert table[0].keys() >= {"index", "parent", "program", "fingerprint", "fitness"}
    elif kind == "builtins":
        pytest.raises(ImportError, importlib.import_module, "pyarrow")


def test_summary_and_config_are_those_of_the_command(folder, invoke_cli):
    import json

    run = lionhunt.load(folder)
    status, out, _ = invoke_cli("show", folder, "--json")
    assert status == 0 and json.loads(out) == json.loads(json.dumps(run.summary()))
    assert run.config.num_programs == 60


def test_a_folder_without_a_run_is_one_line(tmp_path):
    with pytest.raises(RecordError, match="no run at"):
        lionhunt.load(tmp_path)


@pytest.fixture
def addresses(monkeypatch):
    """Return the list of addresses that are connected to."""
    connected = []
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    def start(config, initial, num_workers, reference, ray_address):
        connected.append(ray_address)
        return start_formula_pool()(config, initial)

    monkeypatch.setattr(scoring, "start_pool", start)
    return connected


@pytest.fixture(params=["10.0.0.1:6379", "auto", "$(true):1"])
def on_cluster(request, tmp_path):
    """Return the folder of a run whose file names a cluster, and the address."""
    with create(tmp_path / "run", evaluation={"ray_address": request.param}) as records:
        advance(records, FormulaPool(), 20)
    return tmp_path / "run", request.param


@pytest.mark.parametrize("command", ["resume", "rescore"])
def test_a_file_alone_connects_nobody(command, on_cluster, addresses, invoke_cli):
    folder, address = on_cluster
    words = ["resume", folder, "--workers", 2, *(["--rescore"] if command == "rescore" else [])]
    status, _, err = invoke_cli(*words)
    assert status == 2 and is_one_line(err) and not addresses
    assert f"give --ray-address {shlex.quote(address)}, or --ray-address local" in err
    assert not folder.with_name("run-rescored").exists()
    with pytest.raises(ConfigError, match="to which a file alone connects nobody"):
        getattr(searches, command)(folder, workers=2)
    assert not addresses


def test_who_chooses_an_address_is_connected(on_cluster, addresses, monkeypatch, tmp_path):
    folder, address = on_cluster
    options = {"workers": 2, "on_progress": lambda progress: True}
    lionhunt.resume(folder, ray_address="local", **options)
    lionhunt.resume(folder, ray_address=address, **options)
    lionhunt.resume(folder, workers=0, on_progress=lambda progress: True)
    assert addresses == ["local", address, "local"]
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    if address.startswith("$"):
        with pytest.raises(ConfigError, match="a file alone connects nobody"):
            lionhunt.resume(folder, **options)
    else:
        lionhunt.resume(folder, **options)
        assert addresses[3:] == [address]


def test_a_config_that_you_give_chooses_its_address(addresses, tmp_path):
    config = CONFIG | {"evaluation": {"ray_address": "10.0.0.1:6379", "workers": 2}}
    lionhunt.run(config, out=tmp_path / "a")
    lionhunt.run(config, out=tmp_path / "b", ray_address="local")
    assert addresses == ["10.0.0.1:6379", "local"]


def test_a_file_alone_starts_no_thousand_workers(addresses, tmp_path):
    with create(tmp_path / "run", evaluation={"workers": 10_000}) as records:
        advance(records, FormulaPool(), 20)
    with pytest.raises(ConfigError, match="asks for 10,000 workers, and this .* give --workers"):
        lionhunt.resume(tmp_path / "run")
    assert not addresses
    lionhunt.resume(tmp_path / "run", workers=10_000, on_progress=lambda progress: True)
    assert addresses == ["local"]
