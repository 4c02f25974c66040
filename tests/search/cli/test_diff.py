"""The command that compares two programs."""

import json


def test_programs_stand_side_by_side(invoke_cli):
    status, out, err = invoke_cli("diff", "lion", "signum")
    assert (status, err) == (0, "")
    assert "update = sign(update)" in out and "the programs differ" in out
    assert "compute the same updates" in invoke_cli("diff", "lion", "lion")[1]


def test_programs_of_a_run_as_json(invoke_cli, finished_run_dir):
    status, out, _ = invoke_cli("diff", f"{finished_run_dir}:best", "adamw", "--json")
    found = json.loads(out)
    assert status == 0 and found["right"] == "adamw" and not found["is_same"]
    assert {line["mark"] for line in found["lines"]} <= {
        *("same", "constants", "changed", "removed", "added")
    }


def test_wrong_names_are_one_line(invoke_cli):
    status, out, err = invoke_cli("diff", "lion", "lionn")
    assert (status, out) == (2, "") and err.count("\n") == 1
