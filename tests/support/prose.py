"""Check prose: `python -m tests.support.prose PATH...` lists what to rewrite.

The rules are in CONTRIBUTING.md. The tests in tests/lint check the whole project.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MAX_WORDS = 20
RELATIVE = set("What Who Whom Whose Whether Which Whatever Whoever Of That".split())
"""No docstring begins with these."""
NOT_VERBS = RELATIVE | set(
    "The A An One Each Every All Any Its It Their No None Two Those These This Same Other How "
    "If In As To For By Where When At On From With Without And Or Not Only Also There Here So Up"
    "".split()
)
"""No function's docstring begins with these: it begins with an imperative verb."""
DIALECT = re.compile(
    r"\b(is told|are told|is said to|goes on with|go on with|gone on with|so many|the manieth|"
    r"whoever|what is there|of whoever)\b",
    re.IGNORECASE,
)
DIRECTIVE = re.compile(r"# ?(noqa|type:|pyright:|fmt:|ruff:|pragma)|#!")
_SECTION = re.compile(
    r"^\s*(Args|Returns|Yields|Raises|Attributes|Example|Examples|References):\s*$"
)


class Problem(NamedTuple):
    """One place to rewrite."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def check_source(path: Path) -> Iterator[Problem]:
    """Yield the problems of one Python file: its docstrings, then its comments."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _check_docstring(path, node)
            yield from _check_attribute_docstrings(path, node)
    yield from _check_comments(path, source)


def _check_docstring(path: Path, node: ast.AST) -> Iterator[Problem]:
    text = ast.get_docstring(node)  # pyright: ignore[reportArgumentType]
    if not text:
        return
    line = node.body[0].lineno  # pyright: ignore[reportAttributeAccessIssue]
    first = _first_word(text)
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    is_third_person = is_function and re.fullmatch(r"[A-Z][a-z]+[^s]s", first) is not None
    if first in (NOT_VERBS if is_function else RELATIVE) or is_third_person:
        yield Problem(path, line, f"docstring begins with '{first}'")
    yield from _check_sentences(path, line, text)


def _check_attribute_docstrings(path: Path, node: ast.AST) -> Iterator[Problem]:
    body = node.body  # pyright: ignore[reportAttributeAccessIssue]
    for before, after in zip(body, body[1:], strict=False):
        if (
            isinstance(before, ast.Assign | ast.AnnAssign)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            text = after.value.value
            if (first := _first_word(text)) in RELATIVE:
                yield Problem(path, after.lineno, f"docstring begins with '{first}'")
            yield from _check_sentences(path, after.lineno, text)


def _check_comments(path: Path, source: str) -> Iterator[Problem]:
    block: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or DIRECTIVE.match(token.string):
            continue
        if token.line[: token.start[1]].strip():
            yield Problem(path, token.start[0], "comment beside code; put it on its own line above")
            continue
        if token.start[0] != last + 1 and block:
            yield from _check_sentences(path, start, " ".join(block))
            block = []
        if not block:
            start = token.start[0]
        block.append(token.string.lstrip("# "))
        last = token.start[0]
    yield from _check_sentences(path, start, " ".join(block))


def _check_sentences(path: Path, line: int, text: str) -> Iterator[Problem]:
    for sentence in sentences(text):
        if (count := len(sentence.split())) > MAX_WORDS:
            yield Problem(path, line, f"{count} words: {sentence[:60]}...")
        if found := DIALECT.search(sentence):
            yield Problem(path, line, f"'{found.group()}' in: {sentence[:60]}...")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; code, tables, links and section heads are left out."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "code", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\([^()]*arXiv[^()]*\)", "", text)
    paragraphs: list[list[str]] = [[]]
    indentation = None
    for line in text.splitlines():
        stripped = line.strip()
        item = re.match(r"\s+[\w`*, ]+: |\s*[-*] |\s*[0-9]+\. ", line)
        is_table = stripped.startswith(("|", "$", ">>>", "..."))
        is_code = line.startswith("    ") and indentation in (None, 0) and not paragraphs[-1]
        if not stripped or is_table or is_code or _SECTION.match(line) or stripped.startswith("#"):
            paragraphs.append([])
            continue
        if item:
            paragraphs.append([])
        paragraphs[-1].append(line[item.end() :].strip() if item else stripped)
        indentation = len(line) - len(line.lstrip())
    joined = [" ".join(paragraph) for paragraph in paragraphs if paragraph]
    return [
        part
        for text in joined
        for part in re.split(r"(?<=[.!?])\s+", text)
        if len(part.split()) > 1
    ]


def _first_word(text: str) -> str:
    return re.split(r"[\s,.:;]", text.strip(), maxsplit=1)[0]


def check_page(path: Path, max_words: int = 25) -> Iterator[Problem]:
    """Yield the problems of one Markdown page: sentences that are too long, or in dialect."""
    for sentence in sentences(path.read_text("utf-8")):
        if (count := len(sentence.split())) > max_words:
            yield Problem(path, 0, f"{count} words: {sentence[:60]}...")
        if found := DIALECT.search(sentence):
            yield Problem(path, 0, f"'{found.group()}' in: {sentence[:60]}...")


def check(paths: list[Path]) -> list[Problem]:
    """Return the problems of files and folders: Python sources and Markdown pages."""
    files = [
        file
        for path in paths
        for file in (
            [path] if path.is_file() else sorted([*path.rglob("*.py"), *path.rglob("*.md")])
        )
    ]
    return [
        problem
        for file in files
        for problem in (check_source(file) if file.suffix == ".py" else check_page(file))
    ]


if __name__ == "__main__":
    problems = check([Path(word) for word in sys.argv[1:]])
    print(*problems, f"{len(problems)} to rewrite", sep="\n")
