"""Fuzzer of the parser, guided by coverage: `make fuzz`.

Bytes end in a program or in a `ProgramError`, and the text of a program parses as the program. Any
other result, or more than ten seconds, stops the fuzzer. It leaves the input in a file `crash-...`.
"""

import sys

import atheris

with atheris.instrument_imports(include=["lionhunt.dsl.text"]):
    from lionhunt.dsl.text import ProgramError, parse, parse_docstring, parse_with_docstring


def read(data: bytes) -> None:
    try:
        program, docstring = parse_with_docstring(data)
    except ProgramError as error:
        assert error.reason and error.line >= 1 and error.column >= 1
        return
    assert parse(str(program)) == program
    parse_docstring(docstring)


atheris.Setup(sys.argv, read)
atheris.Fuzz()
