"""The bench counts what its docstring says it counts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.understanding import (
    Label,
    Outcome,
    f1,
    in_first_three,
    labelled,
    misses,
    outcome,
    report,
    share,
    wrong_and_silent,
)

POST = {
    "id": "de-001",
    "lang": "de",
    "text": "Fehler 0xC004F074",
    "codes": ["0xC004F074"],
    "product": "windows",
    "mechanism": "volume_kms",
    "context": [],
    "escalate": True,
    "escalate_team": "infrastructure",
    "scope": "in",
    "must_refuse": False,
}
RESULT = {
    "id": "de-001",
    "language": "de",
    "scope": "in",
    "refused": False,
    "codes": ["0xC004F074"],
    "product": "windows",
    "mechanism": "volume_kms",
    "mechanism_ranking": [["volume_kms", 0.6], ["volume_mak", 0.3], ["volume_adba", 0.1]],
    "asks": False,
    "escalate": True,
    "team": "infrastructure",
    "first_step": {"kind": "check", "id": "company-network"},
}


@pytest.fixture
def label(tmp_path: Path) -> Label:
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(POST) + "\n\n", encoding="utf-8")
    (only,) = labelled(path)
    return only


def test_a_right_result_is_right_everywhere(label: Label) -> None:
    seen = [outcome(label, RESULT)]
    table = report(seen)
    assert "| codes exact | 1.000 (1/1) | – | 1.000 (1/1) |" in table
    assert "| wrong, no question asked | 0.000 (0/1) | – | 0.000 (0/1) |" in table
    assert "No mechanism was confused" in table
    assert misses(seen) == ""


def test_a_wrong_guess_is_forgiven_only_when_the_assistant_asks(label: Label) -> None:
    wrong = RESULT | {"mechanism": "volume_mak"}
    assert wrong_and_silent(outcome(label, wrong))
    assert not wrong_and_silent(outcome(label, wrong | {"asks": True}))
    assert not wrong_and_silent(outcome(label, RESULT | {"mechanism": "unknown"}))


def test_the_first_three_are_three_names(label: Label) -> None:
    ranking = [["windows_oem", 0.4], ["volume_mak", 0.3], ["volume_kms", 0.2]]
    wrong = RESULT | {"mechanism": "unknown", "mechanism_ranking": ranking}
    assert not in_first_three(outcome(label, wrong))
    assert in_first_three(outcome(label, wrong | {"mechanism": "windows_oem"}))


def test_out_of_scope_posts_do_not_count_for_the_mechanism(label: Label) -> None:
    out = replace(label, in_scope=False, mechanism="none")
    table = report([outcome(out, RESULT)])
    assert "| mechanism first guess | – | – | – |" in table
    assert "| out of scope recall | 0.000 (0/1) | – | 0.000 (0/1) |" in table


def test_a_post_for_a_human_is_not_in_scope(label: Label) -> None:
    out = replace(label, in_scope=False)
    table = report([outcome(out, RESULT | {"scope": "human"})])
    assert "| out of scope recall | 1.000 (1/1) |" in table
    assert "| out of scope precision | 1.000 (1/1) |" in table


def test_escalation_weighs_missed_and_false_alarms(label: Label) -> None:
    quiet = replace(label, escalate=False)
    seen = [
        outcome(label, RESULT),
        outcome(label, RESULT | {"escalate": False}),
        outcome(quiet, RESULT),
    ]
    assert f1(seen) == "0.500 (1 hit, 1 missed, 1 false)"


def test_a_post_without_a_result_is_wrong_everywhere(label: Label) -> None:
    seen = [outcome(label, {"id": "de-001", "error": "no answer"})]
    table = report(seen)
    assert "| without a result | 1 | 0 | 1 |" in table
    for row in ("codes exact", "product", "mechanism first guess", "language"):
        assert f"| {row} | 0.000 (0/1) |" in table
    assert "no result: no answer" in misses(seen)


def test_the_confusions_are_named(label: Label) -> None:
    table = report([outcome(label, RESULT | {"mechanism": "volume_mak"})] * 2)
    assert "| volume_kms | volume_mak | 2 |" in table


def test_a_line_that_is_no_labelled_post_is_named(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(POST) + '\n{"id": "x"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"posts\.jsonl:2: no labelled post"):
        labelled(path)


def test_a_share_of_nothing_is_no_number() -> None:
    assert share([], lambda _: True) == "–"
    assert f1([Outcome(Label("1", "de", "", frozenset(), "", "", False, "", True, False))]) == "–"
