"""Errors of program text name the place and the reason; each limit has its own error."""

import pytest

from lionhunt.dsl.text.parser import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_INPUTS,
    MAX_STATEMENTS,
    ProgramError,
    parse,
)
from tests.support.dsl.program_texts import RETURN, body

BAD = [
    ("", 1, 1, "expected 'def train.*not the end of the text"),
    ("w = g", 1, 1, "expected 'def train.*not 'w'"),
    ("async def train(w, g, lr):\n  return g", 1, 1, "expected 'def train"),
    ("class A: pass", 1, 1, "expected 'def train"),
    ("@a\ndef train(w, g, lr):\n  return g", 1, 1, "expected 'def train"),
    ("def 3(w, g, lr):\n  return g", 1, 5, "expected a name for the program, not '3'"),
    ("def train w, g, lr:\n  return g", 1, 11, r"expected '\('"),
    ("def train(w, g=1, lr=2):\n  return g", 1, 15, r"expected ',' or '\)', not '='"),
    ("def train(w, *g):\n  return g", 1, 14, "expected the name of an input, not '\\*'"),
    ("def train(w, g, **lr):\n  return g", 1, 17, "expected the name of an input"),
    ("def train(w, g, /, lr):\n  return g", 1, 17, "expected the name of an input"),
    ("def train(w, g, if):\n  return g", 1, 17, "name of an input; 'if' is a word of Python"),
    ("def train(w, g):\n  return g", 1, 10, "at least three inputs"),
    ("def train(w, g, lr)\n  return g", 1, 20, "expected ':', not the end of the line"),
    ("def train(w, w, lr):\n  return w", 1, 14, "input 'w' is named twice"),
    ("def train(w, \N{GREEK SMALL LETTER GAMMA}, lr):\n  return w", 1, 14, "ASCII letters"),
    ("def train(w, g, lr):\nreturn g", 2, 1, "expected indented statements"),
    (body("u = g"), 3, 1, "expected 'return update, ...' as the last"),
    (body("u = g").strip(), 2, 8, "expected 'return update, ...' as the last"),
    ("def f(w:, g, lr):\n  return g", 1, 9, "expected a type, not ','"),
    ("def f(w: 3, g, lr):\n  return g", 1, 10, "expected a type, not '3'"),
    ("def f(w: a[b, g, lr):\n  return g", 1, 20, "expected a type, not '\\)'"),
    ("def f(w, g, lr) ->:\n  return g", 1, 19, "expected a type, not ':'"),
    (body("return (g, m"), 3, 1, "expected ',' or '\\)' for the '\\(' of line 2, column 10"),
    (body("return (g, m) * lr"), 2, 17, "expected ',' or the end of the line, not '\\*'"),
    (body('"""Only."""'), 3, 1, "expected 'return update, ...' as the last"),
    (body("return g"), 2, 3, "expected 'return update, m': the update.*got 1 of 2 values"),
    (body("return"), 2, 3, "got 0 of 2 values"),
    (body("return g, m, w"), 2, 3, "got 3 of 2 values"),
    ("def f(w, g, a, b, c, d, e, lr): return g", 1, 33, "'return update, a, b, c, d, ...'.*1 of 6"),
    (body("return g m"), 2, 12, "expected ',' or the end of the line, not 'm'"),
    (body(RETURN, RETURN), 3, 3, "expected nothing after 'return ...', not 'return'"),
    (body(RETURN) + "x = 1", 3, 1, "expected nothing after 'return ...', not 'x'"),
    (body("u += g", RETURN), 2, 5, "expected '=' after 'u', not '\\+='"),
    (body("u, v = g, m", RETURN), 2, 4, "expected '=' after 'u', not ','"),
    (body("u.x = g", RETURN), 2, 4, "expected '=' after 'u', not '.'"),
    (body("abs(g)", RETURN), 2, 6, "expected '=' after 'abs'"),
    (body("w = v = g", RETURN), 2, 7, "unknown variable 'v'"),
    (body("w = g = m", RETURN), 2, 9, r"expected one of \+ - \* / or the end of the line, not '='"),
    (body("pass", RETURN), 2, 3, "an assignment 'name = expression'; 'pass' is a word of Python"),
    (body("for u in g: pass", RETURN), 2, 3, "an assignment.*'for'"),
    (body("3 = g", RETURN), 2, 3, "an assignment 'name = expression', not '3'"),
    (body("u = g", "  v = g", RETURN), 3, 5, "the indentation of the first statement"),
    (body("u = g") + " v = g", 3, 2, "the indentation of the first statement"),
    (body("\N{GREEK SMALL LETTER MU} = g", RETURN), 2, 3, "names are of ASCII"),
    (body("u = \N{GREEK SMALL LETTER MU}", RETURN), 2, 7, "names are of ASCII"),
    (body("u = squre(g)", RETURN), 2, 7, "unknown function 'squre'; did you mean 'square'?"),
    (body("u = qqqqq(g)", RETURN), 2, 7, "unknown function 'qqqqq'\n"),
    (body("u = g + sgn(m)", RETURN), 2, 11, "unknown function 'sgn'; did you mean 'sign'?"),
    (body("v = update(g)", RETURN), 2, 7, "unknown function 'update'"),
    (body("update = g", "u = updat * lr", RETURN), 3, 7, "variable 'updat'; did you mean 'update'"),
    (body("u = g * u", RETURN), 2, 11, "unknown variable 'u'"),
    (body("return update, m"), 2, 10, "unknown variable 'update'\n"),
    (body("u = abs(g, m)", RETURN), 2, 7, "abs takes 1 argument, got 2"),
    (body("u = interp(g, m)", RETURN), 2, 7, "interp takes 3 arguments, got 2"),
    (body("u = get_pi(g)", RETURN), 2, 7, "get_pi takes 0 arguments, got 1"),
    (
        body("u = abs(g m)", RETURN),
        2,
        13,
        r"expected ',' or '\)' for the '\(' of line 2, column 10",
    ),
    (body("u = abs(*g)", RETURN), 2, 11, "expected a name, a number, a function, '-' or '\\('"),
    (body("u = abs(,g)", RETURN), 2, 11, "expected a name, a number, a function.*not ','"),
    (body("u = clip(g, m)", RETURN), 2, 7, "argument 2 of clip must be a scalar, not tree"),
    (body("u = w + interp(g, m, norm(g))", RETURN), 2, 11, "must be a scalar, not per array"),
    (
        body("u = g ** 2", RETURN),
        2,
        9,
        r"expected one of \+ - \* /, not '\*\*'; write power\(x, y\)",
    ),
    (body("u = g @ m", RETURN), 2, 9, "expected one of .* not '@'"),
    (body("u = +g", RETURN), 2, 7, "expected a name, a number.* not '\\+'"),
    (body("u =", RETURN), 2, 6, "expected a name, a number.* not the end of the line"),
    (body("u = g *", RETURN), 2, 10, "expected a name, a number.* not the end of the line"),
    (body("u = g < m", RETURN), 2, 9, "expected one of .* not '<'"),
    (body("u = g if g else m", RETURN), 2, 9, "expected one of .* not 'if'"),
    (body("u = g.real", RETURN), 2, 8, "expected one of .* not '.'"),
    (body("u = g[0]", RETURN), 2, 8, "expected one of .* not '\\['"),
    (body("u = True", RETURN), 2, 7, "expected a name, a number.* not 'True'"),
    (body("u = 'g'", RETURN), 2, 7, "expected a name, a number.* not a string"),
    (body("u = 'g", RETURN), 2, 7, "a string that does not end"),
    (body("u = 1j", RETURN), 2, 7, "expected a decimal number"),
    (body("u = 1.2.3", RETURN), 2, 7, "expected a decimal number"),
    (body("u = 0xff", RETURN), 2, 7, "expected a decimal number"),
    (body("u = g + \\", "  m", RETURN), 2, 11, "expected no backslash"),
    (body("u = g * 1e999", RETURN), 2, 11, "too large for float32"),
    (body("u = g * -1e39", RETURN), 2, 12, "too large for float32"),
    (body(f"u = g * 1{'0' * 1000}", RETURN), 2, 11, "too large for float32"),
    (body("return g, 1e39"), 2, 13, "too large for float32"),
    (body("u = (g", RETURN), 3, 3, r"expected '\)' for the '\(' of line 2, column 7, not 'return'"),
    (body("u = g)", RETURN), 2, 8, r"expected one of .* not '\)'"),
    (body("u = g $ m", RETURN), 2, 9, "unexpected character '\\$'\n"),
    (body("u = g\0", RETURN), 2, 8, r"unexpected character '.x00'"),
    (body("# \N{BUG}", "u = g + '\N{BUG}'", RETURN), 3, 11, "not a string"),
    ("def train(w, g, lr):\r  u = sgn(g)\r  return u", 2, 7, "unknown function"),
    (b"def train(w, g, lr):\n  u = \xff\n  return u", 2, 7, "expected UTF-8 text"),
]


@pytest.mark.parametrize(("bad", "line", "column", "reason"), BAD, ids=lambda x: repr(x)[:60])
def test_error_of_bad_text_names_the_place_and_the_reason(bad, line, column, reason):
    with pytest.raises(ProgramError, match=reason) as caught:
        parse(bad)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert str(error).startswith(f"line {line}, column {column}: {error.reason}")


def test_names_too_long_to_be_compared_get_no_suggestion():
    known, unknown = "ab" * 500, "ba" * 500
    with pytest.raises(ProgramError) as caught:
        parse(body(f"{known} = g", f"u = {unknown}", RETURN))
    assert "did you mean" not in caught.value.reason and len(caught.value.reason) < 100


@pytest.mark.parametrize("indent", [0, 100])
def test_caret_stands_below_the_place(indent):
    with pytest.raises(ProgramError) as caught:
        parse(body(f"u = {' ' * indent}sgn(g)", RETURN))
    shown, caret = str(caught.value).splitlines()[1:]
    assert shown[caret.index("^") :].startswith("sgn(g)")


def test_too_long_a_text_is_refused():
    text = body(RETURN)
    assert parse(text + "\n" * (MAX_CHARACTERS - len(text)))
    with pytest.raises(ProgramError, match="longer than 100000 characters"):
        parse(text + "\n" * (MAX_CHARACTERS - len(text) + 1))


def test_too_many_inputs_are_refused():
    names = [f"s{i}" for i in range(MAX_INPUTS)]
    outputs = ", ".join(["w", *names[2:-1]])
    assert (
        len(parse(f"def f({', '.join(names)}): return {outputs.replace('w', 's0')}").inputs) == 100
    )
    with pytest.raises(ProgramError, match="more than 100 inputs"):
        parse(f"def f({', '.join([*names, 'lr'])}): return 0")


@pytest.mark.parametrize(("opening", "closing"), [("abs(", ")"), ("(", ")"), ("-", "")])
def test_too_deep_an_expression_is_refused(opening, closing):
    def nested(depth):
        return body(f"u = {opening * depth}g{closing * depth}", RETURN)

    assert parse(nested(MAX_DEPTH))
    with pytest.raises(ProgramError, match="nested deeper than 50; use more statements") as caught:
        parse(nested(MAX_DEPTH + 1))
    assert caught.value.column == 6 + (MAX_DEPTH + 1) * len(opening)


def test_too_many_statements_are_refused():
    lines = ["u = g"] * (MAX_STATEMENTS + 1)
    with pytest.raises(ProgramError, match="more than 2000 statements") as caught:
        parse(body(*lines, RETURN))
    assert caught.value.line == MAX_STATEMENTS + 2
