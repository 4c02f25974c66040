"""Hold the import rule: packages import one way, and heavy libraries have their places."""

import ast
import graphlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    f for top in ("dsl", "proxy_tasks", "search") for f in sorted((ROOT / top).rglob("*.py"))
]

LAYERS = (
    ("dsl", "proxy_tasks"),
    ("errors", "config", "fields", "statistics", "steps_to_target", "drop_one", "log")
    + (
        "user_code",
        "user_folder",
        "visible_text",
        "activity",
        "interrupt",
        "reporting",
        "sampling",
    ),
    ("evolution", "evaluation"),
    ("tuning_grid",),
    ("environment",),
    ("storage", "workers"),
    ("behavior",),
    ("driver",),
    ("trackers", "dry_run", "task_check"),
    ("selection", "simplification", "comparison", "simulation"),
    ("bench",),
    ("paper",),
    ("campaign",),
    ("report_page",),
    ("api",),
    ("server",),
    ("cli",),
)
"""Each part imports parts of lines above its own; the second line also imports within the line."""
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
LEAVES = LEVEL["errors"]

PLACES = {
    "ray": ("search/workers/cluster/",),
    "sqlite3": ("search/storage/", "search/server/following/"),
    "matplotlib": ("search/reporting/", "figures"),
    "typer": ("search/cli/",),
    "rich": ("search/cli/", "search/reporting/", "report.py", "driver/", "dry_run", "bench/"),
}
"""Parts of the paths in which a library may be imported."""


def imported_modules(file: Path) -> Iterator[str]:
    """Yield every module that a file imports, anywhere but for types alone."""
    tree = ast.parse(file.read_text("utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str | None:
    """Return the part of `LAYERS` that a module of ours belongs to."""
    words = module.split(".")
    if words[0] != "lionhunt" or len(words) < 2:
        return None
    if words[1] in ("dsl", "proxy_tasks"):
        return words[1]
    return words[2] if words[1] == "search" and len(words) > 2 else None


def module_of(file: Path) -> str:
    return "lionhunt." + ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_one_way(file):
    own = part_of(module_of(file))
    if own is None:
        return
    assert own in LEVEL, f"{own} has no layer; add it to LAYERS"
    for module in imported_modules(file):
        other = part_of(module)
        if other is None or other == own:
            continue
        is_leaf = LEVEL[own] == LEVEL[other] == LEAVES
        assert LEVEL[other] < LEVEL[own] or is_leaf, f"{own} imports {module}"


def test_no_import_circles():
    modules = {module_of(file): file for file in SOURCES}
    graph = {
        module: {
            name
            for imported in imported_modules(file)
            for name in (imported, imported.rpartition(".")[0])
            if name in modules and name != module and not modules[name].name == "__init__.py"
        }
        for module, file in modules.items()
    }
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("library", PLACES)
def test_libraries_have_their_places(library):
    for file in SOURCES:
        if library in {module.partition(".")[0] for module in imported_modules(file)}:
            path = file.relative_to(ROOT).as_posix()
            assert any(place in path for place in PLACES[library]), f"{path} imports {library}"


def test_no_class_name_has_two_meanings():
    names: dict[str, Path] = {}
    for file in SOURCES:
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                assert node.name not in names, f"{node.name}: {file} and {names[node.name]}"
                names[node.name] = file


def test_no_function_hides_a_module():
    for file in SOURCES:
        if file.name != "__init__.py":
            continue
        siblings = {path.stem for path in file.parent.iterdir()}
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module != module_of(file):
                hidden = {alias.asname or alias.name for alias in node.names} & siblings
                assert not hidden, f"{file}: {hidden} hides a module"
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert node.name not in siblings, f"{file}: {node.name} hides a module"


def test_folders_are_small():
    folders = {folder for file in SOURCES for folder in [file.parent]}
    sizes = {folder: len(list(folder.glob("*.py"))) for folder in folders}
    assert max(sizes.values()) <= 16, max(sizes, key=lambda folder: sizes[folder])


def test_every_package_says_what_it_is_for():
    for folder in {file.parent for file in SOURCES}:
        text = (folder / "__init__.py").read_text("utf-8")
        tree = ast.parse(text)
        assert ast.get_docstring(tree), folder
        targets = itertools.chain.from_iterable(
            node.targets if isinstance(node, ast.Assign) else [node.target]
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
        )
        assert "__all__" in {ast.unparse(target) for target in targets}, folder
