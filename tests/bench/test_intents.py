"""A post that another intent takes is counted, and nothing else is."""

from typing import Any

import pytest

from bench.intents import heard, report


def post(scope: str, mechanism: str) -> dict[str, Any]:
    return {"id": "a", "lang": "de", "scope": scope, "mechanism": mechanism}


def parse(*intents: str) -> dict[str, Any]:
    return {"intent_ranking": [{"name": i, "confidence": 0.5} for i in intents]}


@pytest.mark.parametrize(
    ("scope", "mechanism", "intent", "taken"),
    [
        ("in", "volume_kms", "describe_volume_kms", False),
        ("in", "volume_kms", "describe_volume_mak", True),
        ("in", "volume_kms", "out_of_scope", True),
        ("in", "volume_kms", "give_evidence", False),
        ("out", "none", "thanks", False),
        ("out", "none", "piracy", False),
        ("out", "none", "describe_unknown", True),
    ],
)
def test_a_post_is_taken_when_another_intent_is_heard(
    scope: str, mechanism: str, intent: str, taken: bool
) -> None:
    assert heard(post(scope, mechanism), parse(intent, "x")).taken is taken


def test_the_table_names_who_takes_from_whom() -> None:
    one = heard(post("in", "volume_kms"), parse("describe_volume_mak"))
    two = heard(post("in", "volume_kms"), parse("describe_volume_kms"))
    lines = list(report([one, two]))
    assert "| de | 2 | 1 |" in lines
    assert "| describe_volume_kms | describe_volume_mak | 1 |" in lines
