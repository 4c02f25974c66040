"""The command that tests functions of the user, and the option that makes them known."""

import json

from tests.support.own_functions import write_functions

RIGHT = """
import lionhunt

@lionhunt.function(name="softsign", arity=1, meaning="x / (1 + abs(x))")
def softsign(np, x):
    return x / (1 + np.abs(x))
"""
PROGRAM = "def f(w, g, lr):\n  return softsign(g) * lr\n"


def test_right_functions_have_status_0(tmp_path, invoke_cli):
    status, out, _ = invoke_cli("check", write_functions(tmp_path, RIGHT))
    assert status == 0
    assert "softsign(x), elementwise: x / (1 + abs(x))" in out
    assert "ok   interpreter and machines agree: tree" in out and "FAIL" not in out


def test_wrong_claims_have_status_1(tmp_path, invoke_cli):
    path = write_functions(tmp_path, RIGHT.replace('abs(x))"', 'abs(x))", non_negative=True'))
    status, out, _ = invoke_cli("check", path)
    assert status == 1 and "FAIL non-negative: it gives -" in out
    status, out, _ = invoke_cli("check", path, "--json")
    (found,) = json.loads(out)
    assert status == 1 and found["function"] == "softsign"
    assert [each["what"] for each in found["findings"] if each["problem"]] == ["non-negative"]


def test_faults_are_one_line(tmp_path, invoke_cli):
    wrong = write_functions(tmp_path, RIGHT.replace("arity=1", "arity=2"))
    for word, words in (
        (wrong, "need a rule of"),
        ("no.py", "cannot read"),
        ("x.py:f", "cannot read"),
    ):
        status, out, err = invoke_cli("check", word)
        assert status == 2 and not out and words in err and len(err.splitlines()) == 1


def test_option_makes_functions_known_to_one_command(tmp_path, invoke_cli):
    path, program = write_functions(tmp_path, RIGHT), tmp_path / "p.txt"
    program.write_text(PROGRAM)
    status, out, _ = invoke_cli("--functions", path, "show", program)
    assert status == 0 and "the update is a multiple of the learning rate" in out
    status, _, err = invoke_cli("show", program)
    assert status == 2 and "unknown function 'softsign'" in err
    status, _, err = invoke_cli("--functions", path, "export", program, "--to", "optax")
    assert status == 2 and "has no optax expression" in err
