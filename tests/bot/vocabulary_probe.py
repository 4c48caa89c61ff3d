"""Runs in the bot's environment: what the vocabulary hears, as JSON on standard output.

Reads {"de": [text, …], "en": [text, …], "shown_by": [text, …]} from standard input; answers with
the terms heard in each text of a language, and with the patterns that none of `shown_by` fits.
"""

import json
import sys

from components import finding, terms


def shown(ear: terms.Ear, texts: list[str]) -> list[bool]:
    """Return, pattern by pattern, whether one of the texts fits it."""
    fits = [False] * len(ear._patterns)
    for text in texts:
        doc = ear._pipeline(terms.plain(text))
        present = frozenset().union(*(ear._places(token.lower_) for token in doc))
        for number, pattern in enumerate(ear._patterns):
            if not fits[number] and pattern.needed <= present and pattern.matcher(doc):
                fits[number] = True
    return fits


def main() -> None:
    asked = json.load(sys.stdin)
    words = finding.vocabulary("generated/vocabulary.json")["terms"]
    ears = {language: terms.Ear(language, words) for language in terms.LANGUAGES}
    written = [(t["id"], name, p) for t in words for name in terms.LANGUAGES for p in t[name]]
    fits = shown(ears["de"], asked["shown_by"])
    answers = {
        "heard": {name: [ear.heard(text) for text in asked[name]] for name, ear in ears.items()},
        "not_shown": [place for place, fit in zip(written, fits, strict=True) if not fit],
    }
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
