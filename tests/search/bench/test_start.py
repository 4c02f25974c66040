"""The benches of a start and of a command: their figures, on a search of a moment."""

import json

from lionhunt.search.bench.commands import start
from lionhunt.search.bench.commands.profile import profile
from lionhunt.search.bench.commands.start import bench_start
from lionhunt.search.driver.config import parse_run_config

TINY = {
    "num_programs": 30,
    "evolution": {"population_size": 10, "tournament_size": 2, "lag": 4},
    "mutation": {"functions": ["+", "*"]},
    "tasks": [{"kind": "digits_mlp", "num_steps": 10, "batch_size": 2, "width": 2}],
}


def test_a_start_is_measured_cold_and_warm(monkeypatch):
    monkeypatch.setattr(start, "NUM_WARM", 1)
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    said = []
    figures = bench_start(parse_run_config(TINY, "test"), 2, said.append)
    assert [activity.text for activity in said] == ["a cold start", "a warm start"]
    for name in ("cold", "warm"):
        imported, first, every = figures[name].values()
        assert 0 < imported < first <= every


def test_a_profile_has_the_parts_of_the_driver_and_of_its_workers(invoke_cli, tmp_path):
    config = tmp_path / "tiny.toml"
    config.write_text(
        "num_programs = 30\n[evolution]\npopulation_size = 10\ntournament_size = 2\nlag = 4\n"
        '[mutation]\nfunctions = ["+", "*"]\n'
        '[[tasks]]\nkind = "digits_mlp"\nnum_steps = 10\nbatch_size = 2\nwidth = 2\n'
    )
    words = ("bench", "profile", "search", config, "--out", tmp_path / "run", "--workers", "1")
    status, out, _ = invoke_cli(*words)
    assert status == 0
    assert "driver (1)" in out and "waiting" in out
    assert "workers (1)" in out and "tracing" in out and "imports" in out


def test_a_profile_says_what_the_processor_did():
    figures = profile(lambda: sum(range(3_000_000)))
    assert figures["num_workers"] == 0 and figures["workers"] == {}
    assert 0 < figures["processor_seconds"] <= 2 * figures["seconds"]
    assert json.dumps(figures)
