"""Any text is a program or a ProgramError: in time, without a deep stack, never executed."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lionhunt.dsl.library import names, text
from lionhunt.dsl.program import Program
from lionhunt.dsl.text import ProgramError, parse, parse_docstring, parse_with_docstring
from lionhunt.dsl.text.parser import MAX_DEPTH
from tests.support.dsl.program_texts import RETURN, body


@pytest.mark.parametrize(
    "place",
    [
        "{call}\ndef train(w, g, lr):\n  return g",
        "@{call}\ndef train(w, g, lr):\n  return g",
        "def train(w, g, lr={call}):\n  return g",
        "def train(w, g, lr: {call}):\n  return g",
        "def train(w, g, lr):\n  {call}\n  return g",
        "def train(w, g, lr):\n  u = {call}\n  return u",
        "def train(w, g, lr):\n  u = f'{{{call}}}'\n  return u",
        "def train(w, g, lr):\n  return {call}",
    ],
)
def test_text_is_never_executed(place, tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(ProgramError):
        parse(place.format(call=f"open({str(trace)!r}, 'w')"))
    assert not trace.exists()


def read(garbage: str | bytes) -> Program | ProgramError:
    """Read text; any other result than a program or a `ProgramError` is a bug."""
    try:
        program, docstring = parse_with_docstring(garbage)
    except ProgramError as error:
        assert error.reason and error.line >= 1 and error.column >= 1
        return error
    assert parse(str(program)) == program
    parse_docstring(docstring)
    return program


EXPRESSION = "def train(w, g, lr):\n  u = {}\n  return u"
DEEP = {
    "sum in a line": "+".join("g" * 900),
    "sum over lines": "(" + "+\n".join("g" * 1000) + ")",
    "long sum over lines": "(" + "+\n".join("g" * 300_000) + ")",
    "minus": "-" * 1900 + "g",
    "minus over lines": "(" + "-\n" * 2500 + "g)",
    "minus before a number": "-" * 1900 + "1",
    "power": "g**" * 600 + "g",
    "calls": "abs(" * 150 + "g" + ")" * 150,
    "too many calls": "abs(" * 300 + "g" + ")" * 300,
    "parentheses": "(" * 900 + "g" + ")" * 900,
    "open parentheses": "(" * 1900,
    "call of a call": "g" + "()" * 900,
    "call of a call over lines": "(g" + "()\n" * 100_000 + ")",
    "attributes": "g" + ".g" * 900,
    "not": "(" + "not\n" * 100_000 + "g)",
    "lambda": "(" + "lambda:\n" * 100_000 + "g)",
    "conditionals": "(" + "g if g else\n" * 50_000 + "g)",
    "comparisons": "(" + "g<\n" * 100_000 + "g)",
    "f-strings": "f'{f\"{f'{g}'}\"}'" * 50,
    "decimal digits": "1\\\n".join(["9" * 1900] * 5),
    "decimal integer": "1" + "0" * 1900,
    "hexadecimal integer": "0x" + "f" * 1900,
    "digits after the point": "1." + "1" * 1900,
    "large exponent": "1e" + "9" * 1900,
}


@pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)
def test_deep_expression_is_a_program_or_a_program_error(expression):
    read(EXPRESSION.format(expression))


def test_depth_that_is_read_does_not_depend_on_the_stack_of_the_caller():
    deep = EXPRESSION.format("abs(" * MAX_DEPTH + "g" + ")" * MAX_DEPTH)

    def call(depth):
        return call(depth - 1) if depth else type(read(deep))

    assert call(0) == call(500)


def test_pathological_texts_do_not_end_the_process(tmp_path):
    texts = [EXPRESSION.format(expression) for expression in DEEP.values()]
    texts += ["if g: pass\n" + "elif g: pass\n" * 50_000, "\\\n" * 400_000, "(\n" * 400_000]
    texts += ["[({" * 600, "'''" + "a\n" * 400_000, "@a\n" * 100_000, " " * 1999 + "x"]
    file = tmp_path / "texts.txt"
    file.write_text(repr(texts))
    code = (
        "import ast, sys\n"
        "from lionhunt.dsl.text.parser import ProgramError, parse\n"
        "for text in ast.literal_eval(open(sys.argv[1]).read()):\n"
        "    try: parse(text)\n"
        "    except ProgramError: pass\n"
        "print('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


@given(st.text() | st.binary())
@example("\0")
@example("\ud800")
@example(body("# \ud800", RETURN))
@example(body(RETURN).encode("utf-16"))
def test_any_text_is_a_program_or_a_program_error(garbage):
    read(garbage)


def test_byte_order_mark_is_passed_over():
    assert isinstance(read(b"\xef\xbb\xbf" + body(RETURN).encode()), Program)


NASTY = st.sampled_from(
    ["\0", "\r", "\t", "\x0c", "\ud800", "\u2028", "\N{BUG}", "(", ")", "'", '"""', "\\", "#", ";"]
    + ["return", "def ", "*", "-", "=", ":=", "lambda:", "1e999", "0x" + "f" * 300, " " * 9, ","]
    + ["1" + "0" * 5000, "-" * 500, "sgn(g)", "\r  u = sgn(g)\r", "\n", "\n  ", "g", "(g)"]
)


@given(st.sampled_from(names()).map(text), st.data())
def test_mutated_program_is_a_program_or_a_program_error(good, data):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(good)))
        end = start + data.draw(st.integers(0, 5))
        good = good[:start] + data.draw(NASTY | st.text(max_size=3)) + good[end:]
    read(good)


CORPUS = sorted((Path(__file__).parents[1] / "dsl" / "text" / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_seed_of_the_fuzzer_is_a_program_or_a_program_error(path):
    """Check the inputs that `make fuzz` starts from, and those that it once found."""
    is_program = isinstance(read(path.read_bytes()), Program)
    assert is_program == path.name.startswith("good")
