"""The shape of the application's code in figures, beside the aims (`make figures`).

A function's lines are those of its body without docstring, comments and blank lines. A body that is only
`...`, as a protocol's, does not count as a function.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
# a module may import from its own layer and from layers with a lower number
LAYERS = {
    "domain": 0,
    "ports": 1,
    "use_cases": 2,
    "adapters": 3,
    "api": 3,
    "bootstrap": 4,
    "functions": 5,
}
DOCUMENTED = {"ports", "use_cases", "adapters"}
MAX_MEDIAN, MAX_P90, MAX_MODULE = 6, 15, 300
DATA = ("*.json", "*.wav", "*.svg", "*.txt", "docs/performance/results.md")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Module:
    """A source file of the application under its dotted name."""

    name: str
    path: str
    lines: list[str]
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, its aim, and the places that miss it."""

    name: str
    value: str
    aim: str
    met: bool
    places: list[str]


def read_modules(root: Path) -> list[Module]:
    """The modules of the layer and of the functions; a package goes without its ``__init__``."""
    found = []
    for base, folder in ((root / "layers/callscribe", "callscribe"), (root, "functions")):
        for path in sorted((base / folder).rglob("*.py")):
            name = ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
            text = path.read_text()
            place = str(path.relative_to(root))
            found.append(Module(name, place, text.splitlines(), ast.parse(text)))
    return found


def layer(name: str) -> str:
    return name.removeprefix("callscribe.").split(".")[0]


def function_sizes(modules: list[Module]) -> Iterator[tuple[int, str]]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, Function) and (body := statements(node)):
                lines = module.lines[body[0].lineno - 1 : body[-1].end_lineno]
                code = [line for line in lines if line.strip() and line.strip()[0] != "#"]
                yield len(code), f"{module.path}:{node.lineno} {node.name}"


def statements(function: Function) -> list[ast.stmt]:
    """The body without its docstring; nothing where only `...` is left."""
    body = function.body[bool(ast.get_docstring(function)) :]
    return [] if [ast.unparse(statement) for statement in body] == ["..."] else body


def measure_functions(modules: list[Module]) -> list[Figure]:
    sizes = sorted(function_sizes(modules), reverse=True)
    numbers = [size for size, _ in sizes]
    median = statistics.median(numbers)
    p90 = statistics.quantiles(numbers, n=10, method="inclusive")[-1]
    long = [f"{size} lines: {place}" for size, place in sizes if size > MAX_P90]
    return [
        Figure(
            "lines of a function, median", f"{median:g}", f"{MAX_MEDIAN}", median <= MAX_MEDIAN, []
        ),
        Figure("lines of a function, p90", f"{p90:g}", f"{MAX_P90}", p90 <= MAX_P90, long),
    ]


def measure_modules(modules: list[Module]) -> Figure:
    sizes = sorted(((len(module.lines), module.path) for module in modules), reverse=True)
    long = [f"{size} lines: {path}" for size, path in sizes if size > MAX_MODULE]
    return count_of(f"modules over {MAX_MODULE} lines", long)


def count_of(name: str, places: list[str]) -> Figure:
    return Figure(name, str(len(places)), "0", not places, places)


def imports(module: Module, known: set[str]) -> set[str]:
    """The modules of the application that ``module`` imports, also inside its functions."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & known
            found |= submodules or {node.module}
    return found & known - {module.name}


def measure_imports(modules: list[Module]) -> list[Figure]:
    known = {module.name for module in modules}
    graph = {module.name: imports(module, known) for module in modules}
    pairs = [(name, other) for name, others in graph.items() for other in sorted(others)]
    upward = [f"{name} -> {other}" for name, other in pairs if is_upward(name, other)]
    return [count_of("imports upward", upward), count_of("import cycles", cycle(graph))]


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """The first cycle that is found, as one place."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def is_upward(importer: str, imported: str) -> bool:
    """Also between two layers of one height. A module in no layer is above all but the functions."""
    own, other = layer(importer), layer(imported)
    return own != other and LAYERS.get(own, 4.5) <= LAYERS.get(other, 4.5)


def measure_complexity(modules: list[Module], root: Path) -> Figure:
    """By ruff's C901; a function that is suppressed for a reason (`noqa: C901 - why`) is left out."""
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--ignore-noqa", "--exit-zero"]
    options = ["--select", "C901", "--output-format", "json", "layers/callscribe", "functions"]
    printed = subprocess.run([*ruff, *options], cwd=root, check=True, capture_output=True).stdout
    lines = {module.path: module.lines for module in modules}
    found = []
    for item in json.loads(printed):
        path, row = str(Path(item["filename"]).relative_to(root)), item["location"]["row"]
        if "noqa: C901 - " not in lines[path][row - 1]:
            found.append(f"{path}:{row} {item['message']}")
    return count_of("functions over complexity 10", found)


def public(module: Module) -> Iterator[tuple[str, Definition]]:
    """Functions, classes and their methods whose names do not begin with an underscore."""
    outer = [node for node in module.tree.body if isinstance(node, Definition)]
    for node in outer:
        if not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Function) and not inner.name.startswith("_"):
                    yield inner.name, inner


def measure_docstrings(modules: list[Module]) -> Figure:
    """What implements a documented method of a port counts as documented there."""
    shown = [module for module in modules if layer(module.name) in DOCUMENTED]
    names = [(module, name, node) for module in shown for name, node in public(module)]
    of_ports = {
        name
        for module, name, node in names
        if layer(module.name) == "ports" and ast.get_docstring(node)
    }
    missing = [
        f"{module.path}:{node.lineno} {name}"
        for module, name, node in names
        if not ast.get_docstring(node)
        and not (layer(module.name) == "adapters" and name in of_ports)
    ]
    share = 100 - 100 * len(missing) / max(1, len(names))
    return Figure("public names with a docstring", f"{share:.0f} %", "100 %", not missing, missing)


def measure(root: Path) -> list[Figure]:
    """Every figure that has an aim."""
    modules = read_modules(root)
    return [
        *measure_functions(modules),
        measure_modules(modules),
        *measure_imports(modules),
        measure_complexity(modules, root),
        measure_docstrings(modules),
    ]


def count_lines(root: Path, commit: str | None = None) -> Counter[str]:
    """Lines by top folder, of what git tracks here or at ``commit``, without data and lock files."""
    grep = ["git", "grep", "-I", "-c", "", *([commit] if commit else []), "--"]
    paths = ["*", *(f":!{pattern}" for pattern in DATA)]
    printed = subprocess.run([*grep, *paths], cwd=root, check=True, capture_output=True, text=True)
    folders: Counter[str] = Counter()
    for line in printed.stdout.splitlines():
        path, count = line.removeprefix(f"{commit}:").rsplit(":", 1)
        folders[path.split("/")[0] if "/" in path else "(top)"] += int(count)
    return folders


def show_lines(columns: dict[str, Counter[str]]) -> None:
    print(f"\n{'lines, without data and lock files':36}", *(f"{name:>8}" for name in columns))
    for folder in sorted({folder for column in columns.values() for folder in column}):
        print(f"  {folder:34}", *(f"{column[folder]:8}" for column in columns.values()))
    print(f"  {'all':34}", *(f"{column.total():8}" for column in columns.values()))


def show_figures(figures: list[Figure], places: bool) -> None:
    for figure in figures:
        mark = "" if figure.met else "  MISSED"
        print(f"{figure.name:32} {figure.value:>6}   aim {figure.aim}{mark}")
        for place in figure.places if places else []:
            print(f"    {place}")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """0, or with ``--check`` 1 where an aim is missed."""
    parser = argparse.ArgumentParser(prog="figures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where an aim is missed")
    parser.add_argument("--places", action="store_true", help="list what misses each aim")
    parser.add_argument("--against", metavar="COMMIT", help="lines by folder then and now")
    options = parser.parse_args(arguments)
    figures = measure(root)
    show_figures(figures, options.places)
    commits = {options.against[:8]: options.against} if options.against else {}
    show_lines(
        {name: count_lines(root, commit) for name, commit in (commits | {"now": None}).items()}
    )
    return int(options.check and not all(figure.met for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
