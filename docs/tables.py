"""Tables of functions, options and tasks in the pages; `make docs` writes them from the code."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS, Op
from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.user_code.option_docs import field_meanings

FOLDER = Path(__file__).parent
MAX_SHOWN = 4
"""Items of a default that a cell shows; for a longer default it shows their number."""


def functions_table() -> str:
    """Return the rows of the op table, in Markdown."""
    lines = ["| function | meaning | kind of the result | notes |", "|---|---|---|---|"]
    lines += [
        f"| `{_call(op)}` | `{op.meaning}` | {_result(op)} | {_notes(op)} |" for op in OPS.values()
    ]
    return "\n".join(lines) + "\n"


def _call(op: Op) -> str:
    names = ("x", "y", "a")[: op.arity]
    return f" {op.symbol} ".join(names) if op.symbol else f"{op.name}({', '.join(names)})"


def _result(op: Op) -> str:
    """Return the kind of the result in words, from the kind rule applied to all kinds."""
    kinds = list(itertools.product(Kind, repeat=op.arity))
    results = {op.infer(*arguments) for arguments in kinds}
    if results == {Kind.SCALAR}:
        return "scalar"
    if all(op.infer(*arguments) == max(arguments) for arguments in kinds):
        return "the widest"
    return "one number per array"


def _notes(op: Op) -> str:
    notes = [op.note] if op.note else []
    if op.symbol:
        notes.append(f"also `{op.name}(x, y)`")
    if op.alias:
        notes.append(f"also `{op.alias}`")
    if op.scalar_argument is not None:
        notes.append(f"`{'xya'[op.scalar_argument]}` must be a scalar")
    if op.group is None:
        notes.append("not drawn by search unless a config names it")
    elif op.group != "paper":
        notes.append(f"group `{op.group}`, not drawn by search unless a config asks")
    return "; ".join(notes).replace("|", "\\|")


def options_table() -> str:
    """Return every key of a run's config, in Markdown: a table for each table of the file."""
    schema = RunConfig.model_json_schema()
    parts = {"": schema} | {
        f"[{name}]": schema["$defs"][field["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items()
        if "$ref" in field
    }
    return "\n".join("\n".join(_part(name, part)) for name, part in parts.items())


def _part(name: str, part: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that list the keys of one table of the file.

    Args:
        name: the name of the table in the file; empty for the keys above all tables.
        part: the JSON schema of the table.
    """
    yield f"### `{name}`\n" if name else "### Above all tables\n"
    if name:
        yield _line(part["description"]) + "\n"
    yield "| key | default | values | meaning |\n|---|---|---|---|"
    for key, field in part["properties"].items():
        if "$ref" not in field:
            default = _value(field["default"]) if "default" in field else "must be given"
            cells = (f"`{key}`", default, _values(field), _line(field["description"]))
            yield f"| {' | '.join(cells)} |"
    yield ""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and len(value) > MAX_SHOWN:
        return f"{len(value)} names"
    return f"`{str(value).lower() if isinstance(value, bool) else repr(value)}`".replace("'", '"')


def _values(field: dict[str, Any]) -> str:
    """Return the values that a key may have, in words, from its JSON schema."""
    if "anyOf" in field:
        # The other alternative is none.
        (field,) = (choice for choice in field["anyOf"] if choice["type"] != "null")
    if "enum" in field:
        return ", ".join(map(_value, field["enum"]))
    match field["type"]:
        case "array" if "oneOf" in field["items"]:
            return "tables of [tasks](#tasks)" + (", one or more" if "minItems" in field else "")
        case "array":
            return f"list, each {_values(field['items'])}"
        case "integer" | "number" as kind:
            return ("integer" if kind == "integer" else "number") + _range(field)
        case "boolean":
            return "`true`, `false`"
        case _:
            return "text"


def _range(field: dict[str, Any]) -> str:
    names = {"minimum": "at least", "exclusiveMinimum": "above"}
    names |= {"maximum": "at most", "exclusiveMaximum": "below"}
    limits = ((word, field[name]) for name, word in names.items() if name in field)
    return "".join(f", {word} {int(limit):,}" for word, limit in limits)


def tasks_table() -> str:
    """Return the kinds of tasks, then the meaning of their keys, in Markdown."""
    lines = ["| `kind` | what it is | its keys |", "|---|---|---|"]
    kinds: dict[tuple[str, str], list[str]] = {}
    for kind, family in FAMILIES.items():
        defaults = {
            name: field.default
            for name, field in family.__dataclass_fields__.items()
            if name != "kind"
        }
        values = {name: _value(value).strip("`") for name, value in defaults.items()}
        keys = ", ".join(f"`{name} = {value}`" for name, value in values.items())
        lines.append(
            f"| `{kind}` | {_line((family.__doc__ or '').partition(chr(10))[0])} | {keys} |"
        )
        meanings = {n: _line(m) for n, m in field_meanings(family).items()}
        for name in defaults:
            kinds.setdefault((name, meanings[name]), []).append(kind)
    lines += ["", "| key | of | meaning |", "|---|---|---|"]
    for (name, meaning), owners in kinds.items():
        names = "all" if len(owners) == len(FAMILIES) else ", ".join(f"`{kind}`" for kind in owners)
        lines.append(f"| `{name}` | {names} | {meaning} |")
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Return text that fits into one cell."""
    return " ".join(text.split()).replace("|", "\\|")


TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "language.md": {"functions": functions_table},
    "config.md": {"options": options_table, "tasks": tasks_table},
}
"""The tables of each page, by the name in the comments around them."""


def page(name: str) -> str:
    """Return a page with its tables written anew."""
    text = (FOLDER / name).read_text("utf-8")
    for table, make in TABLES[name].items():
        begin, end = f"<!-- {table}: written by `make docs` -->\n", f"<!-- end of {table} -->\n"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


if __name__ == "__main__":
    for page_name in TABLES:
        (FOLDER / page_name).write_text(page(page_name), "utf-8")
