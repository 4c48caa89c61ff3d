"""What the bot gets to know."""

import json
from pathlib import Path

from knowledge import export, store


def test_the_bot_gets_terms_topics_codes_messages_and_outputs(minimal: Path) -> None:
    words = export.vocabulary(store.load(minimal))
    assert words["terms"][0] == {
        "id": "kms",
        "kind": "mechanism",
        "de": ["kms*|schlüsseldienst"],
        "en": ["key management service"],
    }
    assert words["topics"][0] == {
        "id": "kms",
        "de": ["kms", "schlüsseldienst*"],
        "en": ["key management service"],
    }
    assert words["codes"] == ["0xC004C020", "0xC004F074"]
    assert words["messages"][0] == {
        "fault": "kms-quiet",
        "mechanism": "volume_kms",
        "language": "de",
        "text": "Keine Antwort vom KMS",
    }
    assert words["outputs"] == {
        "slmgr_dlv": {
            "command": "slmgr /dlv",
            "lines": ["channel$", "^Activation ID"],
            "at_least": 2,
        }
    }


def test_a_code_in_the_vocabulary_is_a_known_code(minimal: Path) -> None:
    path = minimal / "vocabulary" / "words.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[windows]", "[windows, AADSTS50020]"), "utf-8"
    )
    assert "AADSTS50020" in export.vocabulary(store.load(minimal))["codes"]


def test_a_retired_fault_is_not_exported(minimal: Path) -> None:
    path = minimal / "faults" / "kms-quiet.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("reviewed\n", "retired\n"), "utf-8")
    assert export.vocabulary(store.load(minimal))["messages"] == []


def test_the_same_knowledge_gives_the_same_bytes(minimal: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    export.write(store.load(minimal), one)
    export.write(store.load(minimal), two)
    assert one.read_bytes() == two.read_bytes()


def test_the_export_of_the_real_knowledge_is_plain_data() -> None:
    words = export.vocabulary(store.load())
    assert json.loads(json.dumps(words)) == words
    assert [term["id"] for term in words["terms"]] == sorted(t["id"] for t in words["terms"])
