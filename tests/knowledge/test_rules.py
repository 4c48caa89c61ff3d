"""Every rule has its smallest broken knowledge and the exact report; see broken/."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from knowledge import content_rules, store
from knowledge.findings import Finding, read_messages

BROKEN = Path(__file__).parent / "broken"
TODAY = date(2026, 11, 22)
MESSAGES = read_messages()
#: Built at run time: no file may hold anything that looks like a product key.
KEY = "-".join(["ABCDE"] * 5)


@dataclass(frozen=True)
class Example:
    """What is changed in the minimal knowledge, and the exact report."""

    why: str
    expected: str
    replace: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    write: Mapping[str, str] = field(default_factory=dict)
    write_latin1: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def put_into(self, home: Path) -> None:
        for file, changes in self.replace.items():
            for old, new in changes.items():
                _replace(home / file, old, new.replace("{KEY}", KEY))
        for file, text in self.write.items():
            (home / file).write_text(text, encoding="utf-8")
        for file, text in self.write_latin1.items():
            (home / file).write_text(text, encoding="latin-1")
        for file in self.remove:
            (home / file).unlink()


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r} stands there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _example(rule: str) -> Example:
    return Example(**YAML(typ="safe", pure=True).load(BROKEN / f"{rule}.yaml"))


def _check(home: Path) -> tuple[Finding, ...]:
    return content_rules.check(store.read(home), TODAY, MESSAGES)


def _rules() -> list[str]:
    return sorted({*store.LOADER_RULES, *(rule.id for rule in content_rules.RULES)})


def test_the_minimal_knowledge_breaks_no_rule(minimal: Path) -> None:
    assert _check(minimal) == ()


def test_every_rule_has_a_broken_example_and_every_example_a_rule() -> None:
    assert sorted(path.stem for path in BROKEN.glob("*.yaml")) == _rules()


@pytest.mark.parametrize("rule", _rules())
def test_a_broken_example_is_reported_in_these_words_and_no_others(
    rule: str, minimal: Path
) -> None:
    example = _example(rule)
    example.put_into(minimal)
    findings = _check(minimal)
    assert [str(finding) for finding in findings] == example.expected.splitlines()
    assert {finding.rule for finding in findings} == {rule}


def test_a_rule_has_a_sentence_that_says_what_it_demands() -> None:
    assert [rule.id for rule in content_rules.RULES if not rule.broken.__doc__] == []


def test_a_broken_file_does_not_make_others_look_broken(minimal: Path) -> None:
    """What refers to a file that cannot be read is not blamed for it."""
    (minimal / "checks" / "network.yaml").write_text("id: [", encoding="utf-8")
    (minimal / "faults" / "mak-spent.yaml").write_text("id: mak-spent\n", encoding="utf-8")
    findings = _check(minimal)
    assert {finding.file for finding in findings} == {
        "checks/network.yaml",
        "faults/mak-spent.yaml",
    }


def test_faults_may_point_to_each_other_by_different_answers(minimal: Path) -> None:
    """The minimal faults do: KMS leads to one, MAK to the other."""
    assert not [f for f in _check(minimal) if f.rule == "see-comes-to-an-end"]


def test_a_circle_over_two_different_checks_is_found(minimal: Path) -> None:
    _replace(
        minimal / "faults" / "mak-spent.yaml",
        "{when: connected, then: resolved}",
        "{when: connected, then: see kms-quiet}",
    )
    _replace(
        minimal / "faults" / "mak-spent.yaml",
        "{when: KMS, then: see kms-quiet}",
        "{when: KMS, then: hand over}",
    )
    assert [f.rule for f in _check(minimal)] == ["see-comes-to-an-end"]


def test_a_circle_that_needs_two_answers_to_one_check_is_none(minimal: Path) -> None:
    """Only KMS leads on to the second fault, and only MAK back to the first."""
    changes = {
        "kms-quiet": {
            "{when: MAK, then: see mak-spent}": "{when: MAK, then: hand over}",
            "{when: anything else, then: measure connect}": (
                "{when: anything else, then: see mak-spent}"
            ),
        },
        "mak-spent": {
            "{when: KMS, then: see kms-quiet}": "{when: KMS, then: hand over}",
            "{when: anything else, then: next check}": "{when: anything else, then: see kms-quiet}",
        },
    }
    for fault, replacements in changes.items():
        for old, new in replacements.items():
            _replace(minimal / "faults" / f"{fault}.yaml", old, new)
    assert [f.rule for f in _check(minimal)] == []


@pytest.mark.parametrize(
    "text",
    ["slmgr /ato", "slmgr.vbs /rearm", "cscript C:\\Windows\\System32\\slmgr.vbs /skms host"],
)
def test_a_command_that_changes_the_licence_needs_administrator_rights(text: str) -> None:
    assert content_rules.CHANGING_COMMAND.search(text)


@pytest.mark.parametrize("text", ["slmgr /dlv", "slmgr.vbs /xpr", "slmgr /dli all"])
def test_a_command_that_only_shows_needs_no_rights(text: str) -> None:
    assert not content_rules.CHANGING_COMMAND.search(text)


def test_a_masked_key_is_no_key(minimal: Path) -> None:
    masked = "-".join(["XXXXX"] * 5)
    _replace(minimal / "measures" / "replace-key.yaml", "<key>", masked)
    assert not [f for f in _check(minimal) if f.rule == "no-product-keys"]


def test_a_report_never_repeats_a_key(minimal: Path) -> None:
    (minimal / "phrases" / "more.yaml").write_text(f"# {KEY}\na: {{de: eins, en: one}}\n")
    findings = _check(minimal)
    assert [f.rule for f in findings] == ["no-product-keys"]
    assert KEY not in str(findings[0])


def test_a_repair_names_the_words_when_nothing_is_close(minimal: Path) -> None:
    _replace(minimal / "checks" / "network.yaml", "network_service", "xyz")
    assert "Möglich: identity, binding, network_service, invasive." in _check(minimal)[0].de


def test_what_stands_in_backticks_is_not_translated(minimal: Path) -> None:
    _replace(
        minimal / "measures" / "wait.yaml",
        "de: Warten Sie bis morgen., en: Wait until tomorrow.",
        "de: Geben Sie `gpupdate` ein., en: Type `gpresult`.",
    )
    assert [(f.rule, f.de.split()[0]) for f in _check(minimal)] == [
        ("same-in-both-languages", '"`gpresult`"'),
        ("same-in-both-languages", '"`gpupdate`"'),
    ]
