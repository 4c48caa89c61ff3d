"""Every statement of the article lives in the knowledge, and none is lost without a test failing.

What must be where stands in article.yaml; article.py says what can be demanded.
"""

from collections import Counter
from itertools import product

import pytest
from pydantic import ValidationError

from knowledge.store import load
from tests.knowledge.article import Part, Place, Statement, Words, damaged, read_article, without

KNOWLEDGE = load()
ARTICLE = read_article()
BY_ID = {statement.id: statement for statement in ARTICLE.statements}
PLACES = [
    pytest.param(statement, place, id=f"{statement.id}-{place.id}")
    for statement in ARTICLE.statements
    for place in statement.lives_in
]

#: The article's tables, row by row; each cell is a statement named table-row-cell.
TABLES = {
    Part.MECHANISMS: (
        "mechanism",
        ("digital", "kms", "mak", "m365-user", "m365-sca", "adba"),
        ("anchor", "trigger", "check"),
    ),
    Part.WINDOWS: (
        "windows",
        ("oem", "retail", "digital", "volume", "edition"),
        ("message", "trigger", "check", "online", "offline"),
    ),
    Part.M365: (
        "m365",
        ("licence", "tenant", "sca", "device", "token"),
        ("message", "trigger", "check", "online", "offline"),
    ),
}
#: Everything else in the article, point by point.
POINTS = {
    Part.BASICS: """basics-alike basics-chain basics-digital basics-oem basics-retail basics-volume
        basics-edition basics-kms basics-mak basics-adba basics-m365 basics-m365-keys
        basics-m365-triggers basics-sca basics-sca-faults basics-sca-counted basics-service-plan
        basics-network""",
    Part.LOGS: "logs-activation logs-events logs-device logs-network logs-office",
    Part.ORDER: """order-phases order-quick-first order-three-classes order-context-first
        order-assignment-and-token order-tenant""",
    Part.ONLINE: "online-activate online-sign-out-and-clear online-device",
    Part.OFFLINE: """offline-limit offline-phone offline-kms-by-address offline-document
        offline-volume offline-retail offline-m365 offline-ltsc offline-open-for-a-while""",
    Part.COMMANDS: """command-slmgr-dlv command-slmgr-dli command-slmgr-xpr command-slmgr-ato
        command-slmgr-ipk command-slmgr-skms command-slmgr-rearm command-dism command-nslookup
        command-test-net-connection command-w32tm command-dsregcmd command-slui
        command-settings-activation command-settings-workplace command-settings-accounts
        command-event-log command-credential-manager""",
    Part.WARNINGS: """warning-device-removal warning-rearm warning-tenant-change
        warning-kms-adba-change warning-mak-count warning-sca-profile warning-time-drift
        warning-disconnect-account warning-reimage warning-oem-mainboard
        warning-reset-and-channel""",
    Part.ESCALATION: """escalation-rule escalation-assignment escalation-kms escalation-adba
        escalation-tenant escalation-access evidence-code evidence-time evidence-channel
        evidence-tenant evidence-device evidence-hardware-change""",
}


@pytest.mark.parametrize("statement", ARTICLE.statements, ids=lambda s: s.id)
def test_the_statement_lives_in_the_knowledge(statement: Statement) -> None:
    assert "\n".join(ARTICLE.losses(statement, KNOWLEDGE)) == ""


@pytest.mark.parametrize("part", Part)
def test_every_row_cell_and_point_of_the_article_is_there_by_name(part: Part) -> None:
    here = {statement.id for statement in ARTICLE.statements if statement.part is part}
    assert here == _expected(part)


def _expected(part: Part) -> set[str]:
    if part not in TABLES:
        return set(POINTS[part].split())
    table, rows, cells = TABLES[part]
    return {f"{table}-{row}-{cell}" for row, cell in product(rows, cells)}


def test_no_two_statements_have_the_same_name_or_stand_in_the_same_place() -> None:
    names = Counter(statement.id for statement in ARTICLE.statements)
    wheres = Counter((statement.part, statement.where) for statement in ARTICLE.statements)
    assert [name for name, count in (names + wheres).items() if count > 1] == []


@pytest.mark.parametrize(("statement", "place"), PLACES)
def test_the_statement_fails_when_its_place_is_gone(statement: Statement, place: Place) -> None:
    losses = list(ARTICLE.losses(statement, without(KNOWLEDGE, place)))
    assert losses
    assert all(f'"{statement.id}"' in loss and place.file in loss for loss in losses)


@pytest.mark.parametrize(("statement", "place"), PLACES)
def test_the_statement_fails_when_anything_it_names_is_gone(
    statement: Statement, place: Place
) -> None:
    demands = list(place.demands())
    assert demands
    for demand in demands:
        ways = list(damaged(KNOWLEDGE, place, demand))
        assert ways
        assert [list(ARTICLE.losses(statement, way)) for way in ways].count([]) == 0, demand


def test_what_was_lost_is_said_with_statement_file_and_repair_in_both_languages() -> None:
    statement = BY_ID["windows-oem-offline"]
    words = next(d for d in statement.lives_in[0].demands() if d.way == ("offline_limit",))
    losses = [
        loss
        for way in damaged(KNOWLEDGE, statement.lives_in[0], words)
        for loss in ARTICLE.losses(statement, way)
    ]
    assert losses[0] == (
        'Aussage "windows-oem-offline" des Artikels (Tabelle zu Windows): In'
        ' knowledge/faults/oem-mainboard-swap.yaml, "offline_limit", fehlt: "nicht dauerhaft" (de).'
        " Ergänzen Sie es dort, oder nennen Sie in tests/knowledge/article.yaml den Ort, an dem die"
        ' Aussage jetzt steht. (Statement "windows-oem-offline" of the article (table on Windows):'
        ' knowledge/faults/oem-mainboard-swap.yaml, "offline_limit", lacks: "nicht dauerhaft" (de).'
        " Put it back there, or name the place in tests/knowledge/article.yaml where the statement"
        " stands now.)"
    )


def test_words_for_one_language_alone_are_refused() -> None:
    with pytest.raises(ValidationError, match="name words for both languages"):
        Words(de=("Zähler",))
