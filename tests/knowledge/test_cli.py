"""The command line, as the helpdesk lead uses it."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from knowledge import show, store
from knowledge.cli import MODELS, main

ROOT = Path(__file__).parents[2]


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_check_says_that_nothing_is_wrong(minimal: Path) -> None:
    result = _run("check", "--home", minimal)
    assert result.output == "0 Fehler, 0 Warnungen (0 errors, 0 warnings)\n"
    assert result.exit_code == 0


def test_check_ends_with_one_when_there_is_an_error(minimal: Path) -> None:
    path = minimal / "faults" / "kms-quiet.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("use: network", "use: nework"), "utf-8"
    )
    result = _run("check", "--home", minimal)
    assert result.exit_code == 1
    assert result.output.splitlines()[0].startswith(
        'faults/kms-quiet.yaml:24: Die Prüfung "nework"'
    )
    assert result.output.splitlines()[-1] == "1 Fehler, 0 Warnungen (1 error, 0 warnings)"


def test_a_warning_alone_does_not_stop_anybody(minimal: Path) -> None:
    with (minimal / "evidence.yaml").open("a", encoding="utf-8") as file:
        file.write("photo: {de: Foto des Schirms, en: Photo of the screen}\n")
    result = _run("check", "--home", minimal)
    assert result.exit_code == 0
    assert result.output.endswith("0 Fehler, 1 Warnung (0 errors, 1 warning)\n")


def test_show_reads_a_fault_in_german_by_default(minimal: Path) -> None:
    output = _run("show", "kms-quiet", "--home", minimal).output
    for words in ("KMS antwortet nicht", "Das VPN fehlt.", "1. channel", "→ measure connect"):
        assert words in output


def test_show_reads_a_fault_in_english_when_asked(minimal: Path) -> None:
    output = _run("show", "kms-quiet", "--language", "en", "--home", minimal).output
    assert "KMS does not answer" in output
    assert "antwortet" not in output


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("channel", "slmgr /dlv"),
        ("replace-key", "Notieren Sie die letzten fünf Zeichen."),
        ("which", "KMS oder MAK?"),
        ("why-replace-key", "replace-key: "),
        ("kms", "schlüsseldienst"),
        ("0xC004F074", "kms-quiet: KMS antwortet nicht"),
        ("0xc004c020", "mak-spent: MAK ist aufgebraucht"),
    ],
)
def test_show_finds_everything_that_has_an_id(minimal: Path, id_: str, words: str) -> None:
    result = _run("show", id_, "--home", minimal)
    assert words in result.output
    assert result.exit_code == 0


@pytest.mark.parametrize("code", ["0xC004F06A", "0xc004f06a", "0xC004FFFF"])
def test_show_says_the_family_of_a_code_without_a_fault(code: str) -> None:
    output = _run("show", code, "--language", "en").output
    for words in ("The knowledge has no fault for it yet.", "Software Protection service", "slui"):
        assert words in output


def test_show_says_that_it_does_not_know_a_code_at_all() -> None:
    output = _run("show", "0x12345678", "--language", "en").output
    assert "The knowledge has no fault for it yet." in output
    assert "No family is known for it either." in output


def test_show_reads_a_family_with_the_codes_that_have_nothing_else() -> None:
    output = _run("show", "software-protection").output
    assert "0xC004F06A" in output
    assert "0xC004F074" not in output


def test_show_offers_the_closest_name(minimal: Path) -> None:
    result = _run("show", "kms-quite", "--home", minimal)
    assert result.exit_code == 1
    assert 'Meinten Sie "kms-quiet"?' in result.output


def test_stats_counts_what_there_is(minimal: Path) -> None:
    output = _run("stats", "--language", "en", "--home", minimal).output
    rows = {
        cells[0].strip(): cells[1].strip()
        for line in output.splitlines()
        if len(cells := line.strip("│ ").split("│")) == 2
    }
    assert rows["Faults"] == "2"
    assert rows["of these reviewed"] == "1"
    assert rows["oldest review"] == "2026-11-22"
    assert rows["Codes with advice"] == "2"
    assert rows["of these with a fault"] == "2"
    assert rows["of these with a family only"] == "0"
    assert rows["Explanations"] == "2"


def test_stats_says_how_old_the_reviews_are(minimal: Path) -> None:
    knowledge = store.load(minimal)
    day = date.fromisoformat(knowledge.faults["kms-quiet"].reviewed_on)
    for days, row in ((0, "1"), (45, "3"), (100, "6"), (300, "12"), (400, "older")):
        ages = show.counts(knowledge, day + timedelta(days))
        assert {name: n for name, n in ages.items() if name.startswith("age-") and n} == {
            f"age-{row}": 1
        }


@pytest.mark.parametrize(("language", "word"), [("de", "Erklärungen"), ("en", "Explanations")])
def test_stats_speaks_both_languages_and_leaves_no_row_unnamed(language: str, word: str) -> None:
    output = _run("stats", "--language", language).output
    assert word in output
    assert "stats-" not in output


def test_schema_knows_the_fields_of_a_fault() -> None:
    schema = json.loads(_run("schema").output)
    assert {"signals", "checks", "offline_limit"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("kind", [*MODELS])
def test_schema_offers_exactly_the_names_that_exist(kind: str) -> None:
    knowledge, schema = store.load(), json.loads(_run("schema", kind).output)
    offered = {tuple(form["enum"]) for form in _forms(schema) if "enum" in form}
    assert tuple(sorted(knowledge.sources)) in offered
    if kind == "explanation":
        subjects = {*knowledge.measures, *knowledge.checks, *knowledge.faults}
        assert {tuple(sorted(knowledge.explanations)), tuple(sorted(subjects))} <= offered
    if kind == "fault":
        named = (knowledge.faults, knowledge.checks, knowledge.measures, knowledge.terms)
        assert {tuple(sorted(names)) for names in (*named, knowledge.evidence)} <= offered


def test_vs_code_finds_every_schema_where_it_is_written(minimal: Path) -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    assert _run("schema", "--write", "--home", minimal).exit_code == 0
    written = {f"./knowledge/.schema/{p.name}" for p in (minimal / ".schema").glob("*.json")}
    assert set(settings["yaml.schemas"]) == written
    for kind in store.UNITS:
        files = [f for named in settings["yaml.schemas"].values() for f in named]
        assert f"knowledge/{kind}/*.yaml" in files
    schema = json.loads((minimal / ".schema" / "fault.json").read_text(encoding="utf-8"))
    assert schema == json.loads(_run("schema", "fault", "--home", minimal).output)


def _forms(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every block of a schema."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, dict | list):
            yield from _forms(inner)


def test_export_writes_the_file_and_its_folder(minimal: Path, tmp_path: Path) -> None:
    file = tmp_path / "generated" / "vocabulary.json"
    assert _run("export", file, "--home", minimal).exit_code == 0
    assert set(json.loads(file.read_text(encoding="utf-8"))) == {
        "terms",
        "topics",
        "codes",
        "messages",
        "outputs",
    }


@pytest.mark.parametrize("command", ["show kms-quiet", "stats", "export out.json"])
def test_malformed_knowledge_is_named_and_no_traceback_shown(minimal: Path, command: str) -> None:
    (minimal / "outputs.yaml").unlink()
    result = _run(*command.split(), "--home", minimal)
    assert result.exit_code == 1
    assert "outputs.yaml:1: Diese Datei fehlt." in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("command", ["check", "show", "stats", "export", "schema"])
def test_every_command_explains_itself_in_both_languages(command: str) -> None:
    text = _run(command, "--help").output
    assert text.startswith("Usage:")
    assert any(word in text for word in ("Wissen", "Einen", "Zählen", "Das JSON-Schema"))
