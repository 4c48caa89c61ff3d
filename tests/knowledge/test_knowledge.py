"""The knowledge that is shipped."""

import ast
from datetime import date
from pathlib import Path

from knowledge import content_rules, store
from knowledge.findings import read_messages


def test_the_knowledge_breaks_no_rule() -> None:
    findings = content_rules.check(store.read(), date.today(), read_messages())
    assert [str(finding) for finding in findings] == []


def test_the_template_is_a_fault_that_breaks_no_rule(minimal: Path) -> None:
    """It is put among the real knowledge, because it names real checks and measures."""
    home = minimal.parent / "real"
    _copy(store.HOME, home)
    template = (store.HOME / "_template.yaml").read_text(encoding="utf-8")
    (home / "faults" / "my-new-fault.yaml").write_text(template, encoding="utf-8")
    findings = content_rules.check(store.read(home), date.today(), read_messages())
    assert [str(f) for f in findings if f.file == "faults/my-new-fault.yaml"] == []
    assert "my-new-fault" in store.load(home).faults


def test_knowledge_imports_nothing_else_of_ours() -> None:
    imported = {
        name.split(".")[0]
        for path in store.HOME.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
    }
    assert not imported & {"actions", "channels", "bot", "tests", "rasa", "rasa_sdk"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.yaml"):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
