"""Fuzzes the reader of programs, guided by coverage: `make fuzz`.

Bytes end in a program or in its error, and a program prints as text that reads as itself. Anything
else, or more than ten seconds, stops the fuzzer and leaves the input in a file `crash-...`.
"""

import sys

import atheris

with atheris.instrument_imports(
    include=[
        "lionhunt.dsl.text.parser",
        "lionhunt.dsl.text.tokenizer",
        "lionhunt.dsl.text.docstring",
    ]
):
    from lionhunt.dsl.text.docstring import read_notes
    from lionhunt.dsl.text.parser import ProgramError, parse, parse_with_docstring


def read(data: bytes) -> None:
    try:
        program, docstring = parse_with_docstring(data)
    except ProgramError as error:
        assert error.reason and error.line >= 1 and error.column >= 1
        return
    assert parse(str(program)) == program
    read_notes(docstring)


atheris.Setup(sys.argv, read)
atheris.Fuzz()
