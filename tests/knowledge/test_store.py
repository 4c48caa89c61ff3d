"""Loading: strict, and never with a traceback."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from knowledge import documents, store
from knowledge.errors import KnowledgeError, MalformedKnowledgeError
from knowledge.words import Mechanism, Risk


def test_the_minimal_knowledge_is_loaded_by_id(minimal: Path) -> None:
    knowledge = store.load(minimal)
    assert sorted(knowledge.faults) == ["kms-quiet", "mak-spent"]
    assert knowledge.measures["replace-key"].risk is Risk.LIMITED
    assert knowledge.mechanisms[Mechanism.VOLUME_KMS].en == "through the KMS host"
    assert knowledge.terms["kms"].points_to == {Mechanism.VOLUME_KMS: 1.0}
    assert knowledge.phrases["hello"].de == "Guten Tag, {name}."


def test_a_language_is_a_key_as_a_word_or_as_a_string(minimal: Path) -> None:
    messages = store.load(minimal).faults["kms-quiet"].signals.messages
    assert messages["de"] == ("Keine Antwort vom KMS",)


def test_the_knowledge_cannot_be_changed(minimal: Path) -> None:
    knowledge = store.load(minimal)
    with pytest.raises(dataclasses.FrozenInstanceError):
        knowledge.faults = {}  # type: ignore[misc]


def test_an_error_carries_every_finding(minimal: Path) -> None:
    (minimal / "measures" / "wait.yaml").write_text("id: wait\nid: wait\n", encoding="utf-8")
    (minimal / "outputs.yaml").unlink()
    with pytest.raises(KnowledgeError) as raised:
        store.load(minimal)
    files = [finding.file for finding in raised.value.findings]
    assert files[0] == "measures/wait.yaml"
    assert files[-1] == "outputs.yaml"
    assert str(raised.value).splitlines() == [str(f) for f in raised.value.findings]


def test_an_empty_folder_is_an_error_and_no_empty_knowledge(tmp_path: Path) -> None:
    with pytest.raises(MalformedKnowledgeError) as raised:
        store.load(tmp_path)
    assert {finding.rule for finding in raised.value.findings} == {"missing-file"}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(alphabet=":-{}[]&*!|>'\"%@`#, \n\tabc0x1", max_size=40))
def test_no_file_however_broken_gives_a_traceback(text: str, minimal: Path) -> None:
    for file in ("measures/wait.yaml", "vocabulary/words.yaml", "sources.yaml", "weights.yaml"):
        (minimal / file).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError):
        store.load(minimal)


def test_a_place_is_the_line_of_the_value(minimal: Path) -> None:
    spot = store.read(minimal).spot("faults", "kms-quiet", "checks", 1, "answers", 0, "then")
    line = (minimal / spot.file).read_text(encoding="utf-8").splitlines()[spot.line - 1]
    assert line == "      - {when: connected, then: next check}"


def test_a_changed_file_is_read_again(minimal: Path) -> None:
    store.load(minimal)
    path = minimal / "measures" / "wait.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Abwarten", "Geduld"), "utf-8")
    assert store.load(minimal).measures["wait"].title.de == "Geduld"


def test_a_finding_is_given_again_at_the_next_reading(minimal: Path) -> None:
    (minimal / "measures" / "wait.yaml").write_text("id: wait\nid: wait\n", encoding="utf-8")
    assert store.read(minimal).problems == store.read(minimal).problems != ()


def test_the_quick_parser_reads_what_the_thorough_one_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = store.read()
    monkeypatch.setattr(documents, "YAML", lambda **_: YAML(typ="safe", pure=True))
    assert store.read().documents == quick.documents


def test_a_sentence_that_only_the_thorough_parser_reads_is_read(minimal: Path) -> None:
    """The parser in C takes the question mark before a comma for the sign of a key."""
    path = minimal / "measures" / "wait.yaml"
    text = path.read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    path.write_text(text.replace(title, "title: {de: Warten?, en: Wait?}"), encoding="utf-8")
    assert store.load(minimal).measures["wait"].title.de == "Warten?"
