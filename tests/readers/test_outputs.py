"""The shapes in knowledge/outputs.yaml, by which pasted output is told from prose."""

import re
from pathlib import Path

import pytest

from actions.readers import READERS
from knowledge.store import HOME, load

PASTES = Path(__file__).parent.parent / "pastes"
CHAT = (Path(__file__).parent / "chat.txt").read_text(encoding="utf-8").splitlines()
OUTPUTS = load(HOME).outputs


def recognised(text: str) -> set[str]:
    """Return the outputs whose shape the text has, as the bot finds them."""
    return {
        name
        for name, shape in OUTPUTS.items()
        if sum(bool(re.search(line, text)) for line in shape.lines) >= shape.at_least
    }


def test_every_reader_has_a_shape_and_every_shape_a_reader():
    assert set(OUTPUTS) == set(READERS)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["english", "german", "noise", "one_line"])
def test_a_sample_is_recognised_by_its_shape(reader, name):
    text = (PASTES / reader / f"{name}.txt").read_text(encoding="utf-8")
    assert reader in recognised(text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["english", "german", "noise", "one_line"])
def test_a_sample_has_no_other_shape_than_its_own(reader, name):
    """ospp.vbs prints one frame around all its commands, so /act has the shape of both."""
    text = (PASTES / reader / f"{name}.txt").read_text(encoding="utf-8")
    frame = {"ospp_dstatus"} if reader == "ospp_act" else set()
    assert recognised(text) == {reader} | frame


@pytest.mark.parametrize("line", CHAT)
def test_ordinary_chat_has_no_shape(line):
    assert recognised(line) == set()


@pytest.mark.parametrize("reader", READERS)
def test_every_line_of_a_shape_is_found_at_the_beginning_of_a_line_too(reader):
    """The bot looks line by line: an expression that needs two lines would never be found."""
    lines = [
        line for path in (PASTES / reader).glob("*.txt") for line in path.read_text().splitlines()
    ]
    found = {shape for shape in OUTPUTS[reader].lines for line in lines if re.search(shape, line)}
    assert len(found) >= OUTPUTS[reader].at_least
