"""Runs in the bot's environment: what the vocabulary hears, as JSON on standard output.

Reads {"de": [text, …], "en": [text, …], "shown_by": [text, …]} from standard input; answers with
the terms heard in each text of a language, and with the terms that one of `shown_by` shows.
"""

import json
import sys

from components import finding, terms


def shown(ear: terms.Ear, texts: list[str]) -> list[str]:
    """Return the terms that are heard in at least one of the texts, sorted."""
    return sorted({term for text in texts for term in ear.heard(text)})


def main() -> None:
    asked = json.load(sys.stdin)
    words = finding.vocabulary("generated/vocabulary.json")["terms"]
    ears = {language: terms.Ear(language, words) for language in terms.LANGUAGES}
    answers = {
        "heard": {name: [ear.heard(text) for text in asked[name]] for name, ear in ears.items()},
        "shown": shown(ears["de"], asked["shown_by"]),
    }
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
