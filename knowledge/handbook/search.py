"""What the search knows: one entry for everything that has a place in the handbook.

The entries hold the words as they are. Folding, weighing and matching are the reader's part
(static/search.js), so there is one place where a word is made comparable.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.handbook.book import Book, Code
from knowledge.handbook.pen import Pen
from knowledge.schema import Fault, Term
from knowledge.words import Language

Entry = dict[str, Any]
#: Letters only: patterns of the vocabulary also hold signs and numbers.
_WORD = re.compile(r"[^\W\d_]{3,}")
_MARK = re.compile(r"[`*]")
#: A pattern with more alternatives names circumstances in general ("all our computers").
MOST_WORDS = 60


def script(book: Book, pen: Pen) -> str:
    """Return the index as a script: a page opened from disk may not fetch anything else."""
    index = {
        "words": {kind: pen.word(f"kind-{kind}") for kind in KINDS},
        "families": [
            [beginning, id_] for id_, f in book.knowledge.families.items() for beginning in f.begins
        ],
        "entries": list(entries(book, pen)),
    }
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return f"window.lotseIndex = {data};\n"


def entries(book: Book, pen: Pen) -> Iterator[Entry]:
    """Yield everything that can be found.

    `k` kind, `u` address, `t` title, `s` what stands below it, `c` codes, `m` messages,
    `w` further words.
    """
    knowledge = book.knowledge
    yield from (_fault(fault, book, pen) for fault in book.faults)
    for explanation in book.explanations.values():
        asked = explanation.asked.de if pen.language is Language.DE else explanation.asked.en
        yield _entry(
            "explanations",
            f"explanations.html#{explanation.id}",
            pen.say(explanation.title),
            pen.say(explanation.text),
            w=" ".join(_pattern_words(asked)),
        )
    for check in knowledge.checks.values():
        words = [check.why, check.read, *(answer.label for answer in check.answers)]
        more = [check.command.text] if check.command else []
        yield _entry(
            "checks",
            f"checks/{check.id}.html",
            pen.say(check.title),
            pen.say(check.body),
            w=" ".join([*map(pen.say, words), *more]),
        )
    for measure in knowledge.measures.values():
        words = [text for text in (measure.warning, measure.before, measure.undo) if text]
        more = [measure.command.text] if measure.command else []
        yield _entry(
            "measures",
            f"measures/{measure.id}.html",
            pen.say(measure.title),
            pen.say(measure.body),
            w=" ".join([*map(pen.say, words), *more]),
        )
    for id_, family in knowledge.families.items():
        meaning = pen.say(family.meaning).format(code="…", number="…")
        yield _entry("families", f"families/{id_}.html", pen.say(family.title), meaning)
    yield from (_code(code, book, pen) for code in book.codes)
    for id_ in ("poster", "messages", "mechanisms"):
        yield _entry("pages", f"{id_}.html", pen.word(f"{id_}-title"), pen.word(f"{id_}-lead"))


KINDS = ("faults", "explanations", "checks", "measures", "families", "codes", "pages")


def _entry(kind: str, address: str, title: str, below: str, **more: Any) -> Entry:
    full = {"k": kind, "u": address, "t": title, "s": _MARK.sub("", below)} | more
    return {name: value for name, value in full.items() if value}


def _fault(fault: Fault, book: Book, pen: Pen) -> Entry:
    said = (text for texts in fault.signals.messages.values() for text in texts)
    terms = book.knowledge.terms
    near = [terms[id_] for id_ in (*fault.signals.terms, *fault.signals.context) if id_ in terms]
    words = [*map(pen.say, fault.causes), *_term_words(near, pen.language), fault.id]
    return _entry(
        "faults",
        f"faults/{fault.id}.html",
        pen.say(fault.title),
        pen.say(fault.meaning),
        c=list(fault.signals.codes),
        m=list(said),
        w=" ".join(words),
    )


def _code(code: Code, book: Book, pen: Pen) -> Entry:
    if code.faults:
        below = " · ".join(pen.say(fault.title) for fault in code.faults)
    elif code.family:
        below = pen.word("only-family", family=pen.say(book.family(code.family).title))
    else:
        below = pen.word("nothing-known")
    title = f"{code.code} {code.name}" if code.name else code.code
    return _entry("codes", f"codes/index.html#{code.code}", title, below, c=[code.code])


def _term_words(terms: Iterable[Term], language: Language) -> Iterator[str]:
    for term in terms:
        yield from _pattern_words(term.de if language is Language.DE else term.en)


def _pattern_words(patterns: Iterable[str]) -> Iterator[str]:
    """Yield the words of patterns that are about one thing, each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        words = _WORD.findall(pattern)
        if len(words) <= MOST_WORDS:
            found |= dict.fromkeys(words)
    yield from found
