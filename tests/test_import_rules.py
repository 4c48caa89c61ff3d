"""Who may import whom (DESIGN, section 1)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"knowledge", "actions", "channels", "bot", "components", "bench", "tests"}

#: What each package may import of ours beside itself; a name allows everything below it.
ALLOWED = {
    "knowledge": (),
    "actions": ("knowledge",),
    "channels": ("knowledge", "actions.step"),
    # The comparison of classifiers runs beside the bot, in the bot's environment.
    "bench": ("knowledge", "actions", "channels", "components"),
    "bot": ("components",),
}


def python_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if not {"node_modules", "generated"} & set(path.parts)
    ]


def imported(source: str, package: str) -> Iterator[str]:
    """Yield the full names that a module of `package` imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join([*parents, *filter(None, [node.module])]) if node.level else ""
            module = start or node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> list[str]:
    package = ".".join(path.parent.relative_to(ROOT).parts)
    return list(imported(path.read_text(encoding="utf-8"), package))


def below(name: str, allowed: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}.")


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_the_design_allows(package: str) -> None:
    files = python_files(ROOT / package)
    assert files
    forbidden = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imports_of(path)
        if name.split(".")[0] in OURS - {package}
        and not any(below(name, allowed) for allowed in ALLOWED[package])
    ]
    assert forbidden == []


def test_inside_actions_only_conversation_imports_rasa_sdk() -> None:
    with_sdk = {
        path.relative_to(ROOT / "actions").parts[0].removesuffix(".py")
        for path in python_files(ROOT / "actions")
        if any(below(name, "rasa_sdk") for name in imports_of(path))
    }
    assert with_sdk == {"conversation"}


@pytest.mark.parametrize("package", ["knowledge", "actions", "channels"])
def test_the_desk_never_imports_rasa_itself(package: str) -> None:
    names = {
        name.split(".")[0] for path in python_files(ROOT / package) for name in imports_of(path)
    }
    assert "rasa" not in names


def test_relative_imports_are_seen_too() -> None:
    assert list(imported("from ..channels import app", "actions.readers")) == [
        "actions.channels.app"
    ]
    assert list(imported("from . import step", "actions")) == ["actions.step"]
    assert list(imported("import channels.app", "actions")) == ["channels.app"]
