"""`lionhunt classify`: single programs, and the families of the best of a run."""

import json

import pytest
from typer.testing import CliRunner

from lionhunt.dsl.behavior import Behavior
from lionhunt.dsl.classification.classifier import classify
from lionhunt.search.cli import main as cli
from lionhunt.search.driver import families
from lionhunt.search.errors import SourceError
from lionhunt.search.storage.run_store import RunStore


def _classify(*words) -> str:
    command = ["classify", *map(str, words), "--no-behavior"]
    result = CliRunner().invoke(cli.app, command, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_programs_are_told_one_by_one():
    lines = _classify("lion", "raw_lion", "qhm").splitlines()
    assert lines == [
        "lion is lion, up to constants",
        "  constants: beta1 = 0.9, beta2 = 0.99, weight_decay = 0.1",
        "raw_lion is lion with changes (distance 0.18)",
        "  the gradient goes through clip, then arcsin first",
        "  constants: beta1 = 0.9, beta2 = 1.10913, peak_learning_rate = 0.000217176, "
        "weight_decay = 0.460198",
        "qhm is nesterov or qhm, up to constants",
        "  constants: nu = 0.7, beta = 0.999",
    ]


def test_a_program_of_ones_own_from_a_file(tmp_path):
    file = tmp_path / "odd.txt"
    file.write_text("def train(w, g, lr): return cosine_sim(w, g) * log(w), ")
    (found,) = json.loads(_classify(file, "--json"))
    assert (found["name"], found["likeness"]) == (str(file), "unlike")
    assert _classify(file).startswith(f"{file} is unlike anything known (nearest: ")


def test_json_has_what_is_known():
    (found,) = json.loads(_classify("discovered_lion", "--json"))
    assert found == {
        "name": "discovered_lion",
        "likeness": "changed",
        "optimizers": ["lion"],
        "distance": 0.1765,
        "differences": ["the gradient goes through clip, then arcsin first"],
        "constants": {
            "beta1": 0.899,
            "beta2": 1.109,
            "weight_decay": 0.4602,
            "peak_learning_rate": 0.0002,
        },
    }


def test_families_count_the_best_programs_of_a_run(finished_run_dir):
    (found,) = json.loads(_classify(finished_run_dir, "--top", 12, "--json"))
    with RunStore.open_to_read(finished_run_dir) as records:
        rows = [row for row in records.rows() if row.fitness is not None]
    first = {row.fingerprint: row for row in reversed(rows)}
    best = sorted(first.values(), key=lambda row: (-row.fitness_or_neg_inf, row.individual.index))[
        :12
    ]
    classes = [classify(row.individual.program) for row in best]
    assert found["programs"] == sum(family["count"] for family in found["families"]) == 12
    assert max(family["best_fitness"] for family in found["families"]) == best[0].fitness
    for family in found["families"]:
        members = [
            (row, found)
            for row, found in zip(best, classes, strict=True)
            if list(found.optimizers) == family["optimizers"]
            and found.likeness != "unlike"
            or found.likeness == "unlike"
            and not family["optimizers"]
        ]
        assert len(members) == family["count"]
        assert members[0][0].individual.index == family["best"]["index"]
        assert sum(found.likeness == "same" for _, found in members) == family["same"]


def test_families_are_a_table(finished_run_dir):
    shown = _classify(finished_run_dir, "--top", 5)
    assert shown.startswith(f"families of the best 5 programs of {finished_run_dir}")
    assert "typical differences" in shown


def test_a_word_that_names_nothing_is_refused():
    with pytest.raises(SourceError, match="no program 'liom'; did you mean 'lion'"):
        _classify("liom")


def test_the_best_of_each_family_has_a_behavior_if_asked(finished_run_dir, monkeypatch):
    monkeypatch.setattr(families, "find_behavior", lambda *args: Behavior("not compared here"))
    words = ["classify", str(finished_run_dir), "--top", "5", "--behavior"]
    result = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    (found,) = json.loads(CliRunner().invoke(cli.app, [*words, "--json"]).output)
    for family in found["families"]:
        index = family["best"]["index"]
        assert f"program {index} has no behavior to compare: not compared here" in result.output
