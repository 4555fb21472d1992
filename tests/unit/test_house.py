"""The house: imports run one way, and a stage has one name in the library, the scripts, the rules and the tests."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

# From the ground up. A package imports from floors below its own, never from one beside or above it.
FLOORS = [
    ["errors"],
    ["files", "backends"],
    ["encoders"],
    ["catalog"],
    ["datasets"],
    ["backbones", "representations"],
    ["activations", "classification"],
    ["analyses", "reports", "describer", "estimators"],
    ["retrieval"],
    ["bench", "commands"],
    ["__main__"],
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = [path for path in sorted((ROOT / "orderless").rglob("*.py")) if path != ROOT / "orderless" / "__init__.py"]
PACKAGES = sorted(path.parent for path in (ROOT / "orderless").glob("*/__init__.py"))


def room(path: Path) -> str:
    """The package that a file of the library is in, or its own name where it stands at the top."""
    return path.relative_to(ROOT / "orderless").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The rooms of the library that a file imports from, those imported inside its functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "orderless":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orderless."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("orderless.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path):
    own = room(path)
    above = {other for other in imported(path) if other != own and FLOOR[other] >= FLOOR[own]}
    assert not above, f"{path.relative_to(ROOT)} imports from {above}, which is not below {own}"


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} == FLOOR.keys()


def modules(package: Path) -> set[str]:
    """The modules and packages inside a package."""
    inner = {path.parent.name for path in package.glob("*/__init__.py")}
    return inner | {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}


@pytest.mark.parametrize("init", sorted((ROOT / "orderless").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_the_map_of_a_package_names_its_modules(init):
    """A line of the map starts with a name, then two blanks or more, then a description."""
    docstring = ast.get_docstring(ast.parse(init.read_text())) or ""
    assert modules(init.parent) == set(re.findall(r"^(\w+)/?  +\S", docstring, re.MULTILINE)), init


def neighbours(package: Path) -> dict[str, set[str]]:
    """module -> modules of the same package that it imports at its top."""
    found = {path.stem: set() for path in package.glob("*.py")}
    for path in package.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"orderless.{package.name}"):
                parts = str(node.module).split(".")
                found[path.stem] |= {parts[2]} if len(parts) > 2 else {alias.name for alias in node.names} & found.keys()
    return found


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_no_circle_inside_a_room(package):
    left = neighbours(package)
    while ready := [name for name, needs in left.items() if not needs & left.keys() - {name}]:
        for name in ready:
            del left[name]
    assert not left, f"these import one another: {sorted(left)}"


def test_a_stage_has_one_name():
    rules = {path.stem for path in (ROOT / "workflow" / "rules").glob("*.smk")} - {"common"}
    scripts = {path.parent.name for path in (ROOT / "scripts").glob("*/*.py")}
    library = {path.name for path in PACKAGES}
    assert scripts == rules
    assert rules - library == {"codebooks"}  # a stage of the workflow; the code that learns them is in the encoders
    assert {path.parent.name for path in (ROOT / "tests" / "unit").glob("*/test_*.py")} == library


@pytest.mark.parametrize("rules", sorted((ROOT / "workflow" / "rules").glob("*.smk")), ids=lambda path: path.stem)
def test_a_script_lies_beside_the_others_of_its_stage(rules):
    named = [line.split("../scripts/")[1].strip().strip('"') for line in rules.read_text().splitlines() if "../scripts/" in line]
    assert set(named) == {f"{rules.stem}/{path.name}" for path in (ROOT / "scripts" / rules.stem).glob("*.py")}


def test_the_map_for_contributors_is_true():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| (\w+) \| .* \| (.*) \| (.*) \| .* \|$", page, re.MULTILINE)[1:]
    assert {stage for stage, *_ in rows} == {path.stem for path in (ROOT / "workflow" / "rules").glob("*.smk")} - {"common"}
    for stage, rules, _ in rows:
        text = (ROOT / "workflow" / "rules" / f"{stage}.smk").read_text()
        missing = [rule for rule in re.findall(r"`(\w+)`", rules) if not re.search(rf'"{rule}"|rule {rule}:', text)]
        assert not missing, f"{stage} has no rule {missing}"
    for path in re.findall(r"`((?:orderless|workflow|tests|scripts)/[\w/.]*)`", page):
        assert (ROOT / path).exists(), path
