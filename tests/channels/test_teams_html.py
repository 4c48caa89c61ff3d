"""The text of Teams' HTML, sample by sample; what stands in `<name>.txt` is what comes out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.teams.html import DEEPEST, LIMIT, text_of

SAMPLES = Path(__file__).parent / "teams_html"


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.html")))
def test_a_message_is_read_as_it_was_written(name):
    html = (SAMPLES / f"{name}.html").read_bytes().decode()
    expected = (SAMPLES / f"{name}.txt").read_bytes().decode().removesuffix("\n")
    assert text_of(html, "Lizenzlotse") == expected


@given(st.text())
def test_text_that_was_escaped_comes_back(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    words = text.replace("\u00a0", " ").split()
    assert text_of(f"<p>{escaped}</p>").split() == words


#: What a message can be made of, well or badly.
PIECES = (
    *(
        "<p>",
        "</p>",
        "<at>",
        "</at>",
        "<pre>",
        "<li>",
        "<ol>",
        "<td>",
        "x",
        "\n",
        "&lt;",
        "<",
        "<!--",
    ),
    *('<blockquote itemtype="http://schema.skype.com/Reply">', "</blockquote>"),
    *('<span itemprop="mri" itemid="28:x">', "</span>"),
)


@given(st.lists(st.sampled_from(PIECES)))
def test_no_arrangement_of_tags_breaks_it(pieces):
    html = "".join(pieces)
    assert len(text_of(html, "x")) <= len(html) + 4 * len(pieces)


def test_only_so_much_and_only_so_deep_is_read():
    assert len(text_of("<p>" + "x" * (LIMIT + 100))) < LIMIT
    assert text_of("<at>" * (DEEPEST * 100) + "x") == "x"
