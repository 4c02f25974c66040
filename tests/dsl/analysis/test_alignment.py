"""Alignment of two programs: whatever the names and the order, equal values stand on one line."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.analysis.alignment import LineMark, align
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.program import to_line
from tests.support.dsl.programs import programs

RENAMED_LION = """
def f(x, y, s, eta):
  a = s * 0.99
  wd = x * 0.1
  b = interp(y, s, 0.9)
  c = interp(y, s, 0.99)
  d = sign(b)
  d = wd + d
  d = eta * d
  return d, c
"""


def marks(left, right):
    return Counter(line.mark for line in align(left, right).lines)


@given(programs())
def test_a_program_is_aligned_with_itself(program):
    alignment = align(program, program)
    assert alignment.is_same and all(is_same for *_, is_same in alignment.outputs)
    lines = [to_line(statement) for statement in simplify(program).statements]
    assert [line.left for line in alignment.lines] == lines
    assert {line.mark for line in alignment.lines} <= {LineMark.SAME}
    assert not any(line.constants for line in alignment.lines)


@given(programs(), programs())
@settings(max_examples=60)
def test_every_needed_statement_stands_on_one_line(left, right):
    alignment = align(left, right)
    for program, side in ((left, "left"), (right, "right")):
        lines = [text for line in alignment.lines if (text := getattr(line, side)) is not None]
        wanted = [to_line(statement) for statement in simplify(program).statements]
        assert Counter(lines) == Counter(wanted)
    for line in alignment.lines:
        assert (line.left is None) == (line.mark is LineMark.ADDED)
        assert (line.right is None) == (line.mark is LineMark.REMOVED)
    names = [pair[1] for pair in alignment.states if pair[1] is not None]
    assert len(names) == len(set(names))


def test_names_order_and_redundant_statements_do_not_matter():
    alignment = align(dsl.library.load("lion"), dsl.parse(RENAMED_LION))
    assert alignment.is_same and len(alignment.lines) == 6
    assert {line.mark for line in alignment.lines} == {LineMark.SAME}
    assert alignment.states == (("momentum", "s"),)


@given(st.permutations([0, 1]))
def test_states_are_paired_by_what_they_hold(order):
    names = [("m", "0.9"), ("v", "0.99")]
    (one, x), (two, y) = (names[i] for i in order)
    text = f"def f(w, g, a, b, lr):\n  a = interp(g, a, {x})\n  b = interp(g, b, {y})\n"
    ends = {0: "u = a / b", 1: "u = b / a"}
    right = dsl.parse(f"{text}  {ends[order[0]]}\n  return u, a, b")
    left = dsl.parse(
        "def f(w, g, m, v, lr):\n  m = interp(g, m, 0.9)\n  v = interp(g, v, 0.99)\n"
        "  u = m / v\n  return u, m, v"
    )
    assert {one, two} == {"m", "v"} and marks(left, right) == {LineMark.SAME: 3}


def test_constants_additions_and_removals_are_told():
    text = str(dsl.library.load("lion"))
    changed = dsl.parse(text.replace("0.99", "0.95").replace("sign", "tanh"))
    alignment = align(dsl.library.load("lion"), changed)
    by_mark = {line.mark: line for line in alignment.lines}
    assert not alignment.is_same
    assert by_mark[LineMark.CONSTANTS].constants == ((0.99, 0.95),)
    assert by_mark[LineMark.REMOVED].left == "update = sign(update)"
    assert by_mark[LineMark.ADDED].right == "update = tanh(update)"
    assert by_mark[LineMark.CHANGED].left in (
        "update = update + weight_decay",
        "update = update * lr",
    )
    differs = {name for name, _, is_same in alignment.outputs if not is_same}
    assert differs == {"update", "momentum"}
