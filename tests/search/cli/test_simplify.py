"""The commands `lionhunt simplify` and `lionhunt derive`: reports, justifications, limits."""

import json
import re
from pathlib import Path

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.rewriting import Justification
from lionhunt.search.api.programs import OptimizerProgram
from lionhunt.search.config import read_config
from lionhunt.search.errors import RecordError
from lionhunt.search.reporting.blocks import Code, Paragraph
from lionhunt.search.reporting.tables import Table
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.report import drop_one_blocks, evidence_lines, step_blocks
from lionhunt.search.simplification.simplifier import SimplificationStep, Simplifier
from lionhunt.search.simplification.summary import summarize_constants, summarize_obligations
from tests.support.search.command_line import is_one_line

SMALL = [
    "--workers=0",
    *("--set", "tasks=[{kind='digits_mlp', num_steps=150, batch_size=8, width=8, depth=1}]"),
    *("--set", "num_seeds=[4, 5]"),
    *("--set", "tolerance=0.5"),
]
"""Settings for seconds of measuring on one task; tests do not assert what it measures."""

LION = library.load("lion")


def test_config_file_says_what_the_defaults_are():
    path = Path(__file__).parents[3] / "configs" / "simplify.toml"
    assert read_config(path, SimplifyConfig) == SimplifyConfig()


def test_proven_steps_alone_take_raw_lion_to_ten_statements(invoke_cli):
    status, out, err = invoke_cli("simplify", "raw_lion", "--exact-only", "--json")
    told = json.loads(out)
    assert (status, told["measuring"], told["kept"]) == (0, None, [])
    assert {step["warrant"] for step in told["steps"]} == {"exact", "algebraic"}
    assert [told["statements"], *(step["statements"] for step in told["steps"][:2])] == [21, 13, 12]
    assert (told["result_statements"], told["states"]) == (10, 1)
    result = dsl.parse(told["result"])
    assert len(result.statements) == 10 and "sign" not in told["result"]
    assert told["classification"]["nearest"] == ["lion"]


def test_simplified_program_can_be_written_and_shown(invoke_cli, tmp_path):
    path = tmp_path / "new" / "short.txt"
    status, out, _ = invoke_cli("simplify", "discovered_lion", "--exact-only", "--out", str(path))
    assert status == 0 and "result: 10 statements, 1 state" in out
    assert invoke_cli("show", str(path))[0] == 0
    blocked = tmp_path / "file"
    blocked.write_text("")
    status, _, err = invoke_cli("simplify", "lion", "--exact-only", "--out", str(blocked / "x"))
    assert status == 2 and is_one_line(err) and "choose another --out" in err


@pytest.mark.parametrize("command", ["simplify", "derive"])
def test_an_unwritable_output_is_refused_before_any_work(
    invoke_cli, tmp_path, monkeypatch, command
):
    monkeypatch.setattr(Simplifier, "run", lambda *_: pytest.fail("too late"))
    blocked = tmp_path / "file"
    blocked.write_text("kept")
    status, _, err = invoke_cli(command, "lion", "--exact-only", "--out", str(blocked / "x"))
    assert status == 2 and is_one_line(err) and "choose another --out" in err
    assert blocked.read_text() == "kept"


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    """Return the report folder of a derivation on a small task."""
    from lionhunt.search.cli import main as cli

    folder = tmp_path_factory.mktemp("derived") / "report"
    words = ["derive", "discovered_lion", "--out", str(folder), *SMALL]
    cli.app([*words, "--set", "learning_rate=10.0"], standalone_mode=False)
    return folder


def test_every_step_of_a_derivation_has_its_justification(derived):
    told = json.loads((derived / "report.json").read_text())
    assert told["program"] == str(library.load("discovered_lion"))
    measured = 0
    for step in told["steps"]:
        program = dsl.parse(step["program"])
        assert len(program.statements) == step["statements"]
        assert step["warrant"] in {*Justification, "measured"} and step["rule"]
        assert (step["warrant"] == "measured") == (step["evidence"] is not None)
        for task in (step["evidence"] or {"tasks": []})["tasks"]:
            measured += 1
            assert task["loss"]["low"] <= task["loss"]["mean"] <= task["loss"]["high"] <= 0.5
    assert measured and told["measuring"]["trainings"] > 0
    assert told["steps"][-1]["program"] == told["result"]
    assert told["whole"]["tasks"][0]["num_seeds"] == 5
    assert dsl.parse((derived / "result.txt").read_text()) == dsl.parse(told["result"])


def test_report_is_never_overwritten(invoke_cli, derived):
    before = (derived / "report.md").read_text()
    status, _, err = invoke_cli("derive", "lion", "--exact-only", "--out", str(derived))
    assert status == 2 and is_one_line(err) and "holds a report; choose another --out" in err
    assert (derived / "report.md").read_text() == before


def test_drop_one_measures_each_part_and_changes_nothing(invoke_cli):
    words = ["simplify", "momentum", "--drop-one", *SMALL]
    status, out, _ = invoke_cli(*words, "--json")
    told = json.loads(out)
    assert status == 0 and told["program"] == str(library.load("momentum"))
    assert "state m" in [part["without"] for part in told["parts"]]
    assert {part["verdict"] for part in told["parts"]} <= {
        *("needed", "hurts", "does nothing", "undecided")
    }
    table, paragraph, _ = drop_one_blocks(told)
    assert isinstance(table, Table) and isinstance(paragraph, Paragraph)
    assert [row[0] for row in table.rows] == [part["without"] for part in told["parts"]]
    assert "digits_mlp" in paragraph.text
    for option in (["--exact-only"], ["--by-search", "9"], ["--out", "x"]):
        status, _, err = invoke_cli("simplify", "momentum", "--drop-one", *option)
        assert status == 2 and is_one_line(err) and "--drop-one measures and changes nothing" in err


@pytest.mark.parametrize("error", [KeyboardInterrupt, RecordError("the disk is full")])
def test_derivation_that_does_not_end_leaves_no_folder(invoke_cli, tmp_path, monkeypatch, error):
    monkeypatch.chdir(tmp_path)

    def fail(*words, **options):
        assert Path("runs/derive_lion").is_dir()
        raise error

    monkeypatch.setattr(OptimizerProgram, "derive", fail)
    status, _, err = invoke_cli("derive", "lion")
    assert status in (2, 130) and not err.count("Traceback")
    assert not Path("runs/derive_lion").exists()


def test_counts_of_training_add_up(derived):
    found = json.loads((derived / "report.json").read_text())["differences_in_training"]
    assert found["polynomial_forms_agree"]
    (task,) = found["tasks"]
    assert sum(task["updates"].values()) == task["total"] == task["steps"] * task["parameters"]
    ((value, counts),) = task["values"].items()
    assert value == "interp(arcsin(clip(g, lr)), v, 0.899)"
    assert sum(counts.values()) <= task["total"]


def test_report_is_markdown_with_every_program(derived):
    told = json.loads((derived / "report.json").read_text())
    text = (derived / "report.md").read_text()
    assert text.startswith("# `lionhunt derive discovered_lion`")
    blocks = re.findall(r"```\n(.*?)\n```", text, re.DOTALL)
    programs = [str(dsl.parse(block)) for block in blocks]
    assert programs == [told["result"], *(step["program"] for step in told["steps"])]
    for row in re.findall(r"^\|.*$", text, re.MULTILINE):
        assert row.endswith("|")
    assert "left to believe" in text and "x / abs(x) = sign(x)" in text


def test_program_that_does_not_learn_is_simplified_as_far_as_proof_goes(invoke_cli, tmp_path):
    path = tmp_path / "still.txt"
    path.write_text("def f(w, g, m, lr):\n  a = abs(abs(w))\n  m = a - a\n  return w * 0.0, m\n")
    status, out, _ = invoke_cli("simplify", str(path), *SMALL, "--json")
    told = json.loads(out)
    assert status == 0 and told["measuring"] is None
    assert "does not learn" in told["not_measured"]
    assert told["result_statements"] <= 1


def test_search_without_insertion_suggests_what_is_then_measured(invoke_cli, tmp_path):
    path = tmp_path / "slow_lion.txt"
    path.write_text(str(LION).replace("update * lr\n", "update * lr\n  update = update * 0.01\n"))
    status, out, err = invoke_cli("simplify", str(path), *SMALL, "--by-search", "60", "--json")
    assert status == 0, err
    told = json.loads(out)
    searched = [each for each in told["steps"] + told["kept"] if each["kind"] == "search"]
    assert searched and all(each["evidence"]["tasks"] for each in searched)
    status, _, err = invoke_cli("simplify", "lion", "--exact-only", "--by-search", "60")
    assert status == 2 and is_one_line(err) and "leave out --exact-only" in err
    status, _, err = invoke_cli("simplify", "lion", *SMALL, "--by-search", "60")
    # The line before it says what was being done.
    *_, last = err.splitlines()
    assert status == 2 and is_one_line(f"{last}\n") and "multiply its update by" in last


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("lyon",), "no program 'lyon'; did you mean 'lion'?"),
        (("lion", "--set", "tolerance=2"), "tolerance"),
        (("lion", "--set", "num_seeds=[4, 2]"), "num_seeds [4, 2] must grow"),
        (("lion", "--config", "none.toml"), "cannot read none.toml"),
    ],
)
def test_wrong_input_is_told_in_one_line(invoke_cli, arguments, message):
    status, _, err = invoke_cli("derive", *arguments)
    assert status == 2 and is_one_line(err) and message in err


def test_run_in_the_place_of_a_program_is_told_from_an_unknown_word(invoke_cli, tmp_path):
    status, _, err = invoke_cli("simplify", str(tmp_path))
    assert status == 2 and is_one_line(err)
    assert f"{tmp_path} is a run; name a program of it, {tmp_path}:best" in err


def test_constant_of_a_product_is_told_from_the_known_rounding_of_it():
    fold = SimplificationStep(
        "rewrite", "arithmetic of numbers", Justification.ALGEBRAIC, "0.9 * 1.10913", "", LION
    )
    derived = dsl.parse(str(LION).replace("0.99)", "0.998)"))
    against = summarize_constants(derived, [fold], "lion", None)
    assert against["is_checked"]
    told = {each["role"]: each for each in against["constants"]}
    assert told["beta1"]["origin"] == ""
    assert (told["beta2"]["value"], told["beta2"]["known"]) == (0.998, 0.99)
    assert "0.9 * 1.10913 = 0.998217" in told["beta2"]["origin"]
    assert "0.99 is 0.9 * 1.1" in told["beta2"]["origin"]
    assert "a rounding, not an identity" in told["beta2"]["origin"]


def test_obligations_name_conditions_losses_and_limits():
    def step(warrant, condition="", low=None):
        loss = {"mean": 0.01, "low": low, "high": 0.02}
        evidence = None if low is None else {"tasks": [{"task": "digits_mlp", "loss": loss}]}
        return {
            "rule": f"{warrant} rule",
            "warrant": warrant,
            "condition": condition,
            "evidence": evidence,
        }

    steps = [step("exact"), step("conditional", "x != 0"), step("measured", low=0.005)]
    differences = {"polynomial_forms_agree": False, "stopped": "nodes"}
    left = summarize_obligations({"steps": steps, "differences_in_training": differences})
    assert left[0] == "conditional rule: x != 0"
    assert any("+1.00% was seen on digits_mlp" in line for line in left)
    assert any("do not confirm" in line for line in left)
    assert any("limit of nodes" in line for line in left)
    assert summarize_obligations({"steps": [step("exact")]}) == []


def test_new_lines_of_a_step_are_marked():
    before = dsl.parse("def f(w, g, lr):\n  a = g * lr\n  return a")
    after = dsl.parse("def f(w, g, lr):\n  b = sign(g)\n  a = b * lr\n  return a")
    step = SimplificationStep(
        "rewrite", "rule", Justification.EXACT, "g", "sign(g)", after, difference=0.0
    )
    described = {
        "rule": step.rule,
        "warrant": "exact",
        "statements": 2,
        "before": "g",
        "after": "sign(g)",
        "condition": "g != 0",
        "difference": 0.0,
        "evidence": None,
        "program": str(after),
    }
    blocks = list(step_blocks(1, described, str(before)))
    assert Paragraph("where g != 0") in blocks
    (code,) = (block.text for block in blocks if isinstance(block, Code))
    assert [line for line in code.splitlines() if line.endswith("# <-")] == [
        "  b = sign(g)         # <-",
        "  a = b * lr          # <-",
    ]
    assert dsl.parse(code) == after


def test_failed_trainings_are_told():
    task = {"task": "lm", "num_seeds": 4, "num_failed": 3, "loss": None}
    assert evidence_lines({"tasks": [task]}) == ["lm, 4 seeds: 3 trainings failed"]


@pytest.mark.slow
def test_lion_is_derived_from_the_raw_program(invoke_cli, tmp_path):
    status, out, err = invoke_cli("derive", "--json", "--out", str(tmp_path / "report"))
    assert status == 0, err
    told = json.loads(out)
    counts = [told["statements"], *(step["statements"] for step in told["steps"])]
    assert counts[:3] == [21, 13, 12] and counts[-1] == 7
    assert (told["equals"], told["states"]) == ("lion", 1)
    assert told["against_known"]["is_checked"]
    assert told["differences_in_training"]["polynomial_forms_agree"]
