"""Runs in the bot's environment: what the components find in texts, as JSON on standard output.

Reads {"terms": [text, …], "topics": [text, …]} from standard input.
"""

import doctest
import importlib
import json
import sys
import tempfile
from pathlib import Path

from components import finding, terms

#: What can be explained, as the exported vocabulary holds it.
TOPICS = [
    {"id": "kms", "kind": "topic", "de": [], "en": ["kms"]},
    {"id": "kms-host", "kind": "topic", "de": [], "en": ["kms host|server"]},
    {"id": "mak", "kind": "topic", "de": [], "en": ["mak"]},
    {"id": "why-not-delete", "kind": "topic", "de": ["gerät ~ löschen"], "en": []},
]
DOCUMENTED = ("code_forms", "meaning", "pasted_output", "terms")


def failed_examples() -> int:
    """Return how many examples in the components' docstrings do not hold."""
    modules = [importlib.import_module(f"components.{name}") for name in DOCUMENTED]
    results = [doctest.testmod(module) for module in modules]
    assert all(result.attempted for result in results)
    return sum(result.failed for result in results)


def fingerprints() -> list[str]:
    """Return what Rasa compares before training: of a vocabulary, of it again, of another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / finding.FILE_NAME
        prints = []
        for text in ("{}", "{}", '{"terms": []}'):
            path.write_text(text, encoding="utf-8")
            prints.append(terms.TermMatcher.fingerprint_addon({"vocabulary": str(path)}))
    return prints


def main() -> None:
    asked = json.load(sys.stdin)
    words = finding.vocabulary("generated/vocabulary.json")
    ear = terms.Ear("de", words["terms"])
    topics = terms.Ear("de", TOPICS)
    answers = {
        "failed_examples": failed_examples(),
        "fingerprints": fingerprints(),
        "terms": [ear.heard(text) for text in asked["terms"]],
        "topics": [topics.named(text) for text in asked["topics"]],
    }
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
