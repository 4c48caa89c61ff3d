"""The knowledge that is shipped."""

import ast
import shutil
from datetime import date
from pathlib import Path

import pytest

from knowledge import content_rules, store
from knowledge.findings import read_messages
from knowledge.schema import Explanation, Fault, Model
from knowledge.words import Need, Phase, Place, Risk, Status


def newest_day() -> date:
    """Return the newest day that the knowledge names: it is judged as of that day."""
    knowledge = store.load()
    days = [fault.reviewed_on for fault in knowledge.faults.values()]
    days += [source.read_on for source in knowledge.sources.values()]
    return date.fromisoformat(max(days))


def test_the_knowledge_breaks_no_rule() -> None:
    findings = content_rules.check(store.read(), newest_day(), read_messages())
    assert [str(finding) for finding in findings] == []


def test_the_template_is_a_fault_that_breaks_no_rule(minimal: Path) -> None:
    """It is put among the real knowledge, because it names real checks and measures."""
    home = shutil.copytree(store.HOME, minimal.parent / "real")
    template = (store.HOME / "_template.yaml").read_text(encoding="utf-8")
    (home / "faults" / "my-new-fault.yaml").write_text(template, encoding="utf-8")
    findings = content_rules.check(store.read(home), newest_day(), read_messages())
    assert [str(f) for f in findings if f.file == "faults/my-new-fault.yaml"] == []
    assert "my-new-fault" in store.load(home).faults


def test_the_template_of_an_explanation_breaks_no_rule_either(minimal: Path) -> None:
    home = shutil.copytree(store.HOME, minimal.parent / "real")
    template = (store.HOME / "_template_explanation.yaml").read_text(encoding="utf-8")
    (home / "explanations" / "my-new-explanation.yaml").write_text(template, encoding="utf-8")
    findings = content_rules.check(store.read(home), newest_day(), read_messages())
    assert [str(f) for f in findings if f.file == "explanations/my-new-explanation.yaml"] == []
    assert "my-new-explanation" in store.load(home).explanations


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


@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("README.md", Fault),
        ("README.md", Explanation),
        ("_template.yaml", Fault),
        ("_template_explanation.yaml", Explanation),
    ],
)
def test_every_field_is_explained(file: str, model: type[Model]) -> None:
    text = (store.HOME / file).read_text(encoding="utf-8")
    assert [name for name in model.model_fields if name not in text] == []


def test_the_readme_explains_every_word_in_both_languages() -> None:
    halves = (store.HOME / "README.md").read_text(encoding="utf-8").split("\n# The knowledge\n")
    words = [*Risk, *Need, *Place, *Phase, *Status, "next check", "hand over", "resolved"]
    assert [[word for word in words if f"`{word}`" not in half] for half in halves] == [[], []]
