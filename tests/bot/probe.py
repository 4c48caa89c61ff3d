"""Runs in the bot's environment: what the components find in texts, as JSON on standard output.

Reads {"terms": [text, …]} from standard input.
"""

import doctest
import importlib
import json
import sys

from components import finding, terms

DOCUMENTED = ("code_forms", "meaning", "pasted_output", "terms")


def failed_examples() -> int:
    """Return how many examples in the components' docstrings do not hold."""
    modules = [importlib.import_module(f"components.{name}") for name in DOCUMENTED]
    results = [doctest.testmod(module) for module in modules]
    assert all(result.attempted for result in results)
    return sum(result.failed for result in results)


def main() -> None:
    asked = json.load(sys.stdin)
    words = finding.vocabulary("generated/vocabulary.json")
    ear = terms.Ear("de", words["terms"])
    answers = {
        "failed_examples": failed_examples(),
        "terms": [ear.heard(text) for text in asked["terms"]],
    }
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
