"""Every sample beside its expectation: tests/pastes/<reader>/<name>.txt and .json."""

import json
from pathlib import Path

import pytest

from actions.readers import READERS, Reading, read_all

PASTES = Path(__file__).parent.parent / "pastes"
SAMPLES = sorted(PASTES.glob("*/*.txt"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in SAMPLES]
WANTED = {"english", "german", "noise", "one_line", "error"}


def expected(path: Path) -> Reading | None:
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return data and Reading(path.parent.name, data["facts"], tuple(data["missing"]))


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_a_sample_is_read_as_expected(path):
    assert READERS[path.parent.name](path.read_text(encoding="utf-8")) == expected(path)


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_no_reader_takes_the_sample_of_another(path):
    readings = read_all(path.read_text(encoding="utf-8"))
    assert {reading.reader for reading in readings} <= {path.parent.name}


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_losing_its_newlines_changes_nothing_in_a_sample(path):
    text = " ".join(path.read_text(encoding="utf-8").split("\n"))
    assert READERS[path.parent.name](text) == expected(path)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_has_its_samples(reader):
    assert {path.stem for path in (PASTES / reader).glob("*.txt")} >= WANTED


def test_every_sample_belongs_to_a_reader_and_has_an_expectation():
    assert {path.parent.name for path in SAMPLES} == set(READERS)
    assert {path.with_suffix("") for path in PASTES.glob("*/*.json")} == {
        path.with_suffix("") for path in SAMPLES
    }


@pytest.mark.parametrize("reader", READERS)
def test_error_output_is_nobodys_reading(reader):
    assert read_all((PASTES / reader / "error.txt").read_text(encoding="utf-8")) == ()
