"""A case is handed over once, whole, and together with the answer that names its number."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.case import Case, Heard
from actions.conversation import Desk, answer
from actions.handoff.handoff import Handoff, handoff_of
from actions.handoff.outbox import Outbox
from actions.moves import Move, Reply, reply
from actions.step import Kind
from knowledge.store import load

KNOWLEDGE = load()
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite")


@pytest.fixture
def desk(outbox: Outbox) -> Desk:
    return Desk(knowledge=KNOWLEDGE, tickets=outbox, now=lambda: NOON)


def wishing(desk: Desk) -> Case:
    heard = Heard(
        "Mensch bitte, 0xC004F074 auf allen Rechnern",
        intents={"human": 0.9},
        codes=("0xC004F074",),
        terms=("many_devices",),
        facts={"licence_channel": "VOLUME_KMSCLIENT"},
    )
    return reply(Case(), heard, Move.HUMAN, desk.knowledge).case


def handed_over(desk: Desk) -> Reply:
    return answer(wishing(desk), Heard("Jetzt übergeben"), Move.AFFIRM, "c1", desk)


def test_the_answer_names_the_number_under_which_the_case_stands(
    desk: Desk, outbox: Outbox
) -> None:
    told = handed_over(desk)
    assert told.step is not None
    assert told.step.kind is Kind.TICKET
    assert told.step.ticket is not None
    ((number, handoff),) = outbox.waiting()
    assert told.step.ticket.id == number
    assert number in told.step.body
    assert handoff["codes"] == ["0xC004F074"]
    assert handoff["licence_channel"] == "VOLUME_KMSCLIENT"
    assert handoff["at"] == "2026-11-22T12:00:00+00:00"


def test_the_same_case_is_handed_over_once(desk: Desk, outbox: Outbox) -> None:
    """An answer that got lost on the way is given again with the same number."""
    first, second = handed_over(desk), handed_over(desk)
    assert first.step is not None
    assert second.step is not None
    assert first.step.ticket == second.step.ticket
    assert len(outbox.waiting()) == 1


def test_without_an_answer_nothing_is_kept(outbox: Outbox) -> None:
    handoff = handoff_of(Case(said=("x",)), KNOWLEDGE, conversation="c", at="now")

    def broken(number: str) -> dict[str, Any]:
        raise RuntimeError(number)

    with pytest.raises(RuntimeError):
        outbox.hand_over(handoff, broken)
    assert outbox.waiting() == []


def test_two_at_once_get_two_numbers(outbox: Outbox) -> None:
    def hand_over(name: str) -> None:
        handoff = handoff_of(Case(said=(name,)), KNOWLEDGE, conversation=name, at="now")
        outbox.hand_over(handoff, lambda number: {"number": number})

    threads = [threading.Thread(target=hand_over, args=(f"c{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({number for number, _ in outbox.waiting()}) == 8


def test_a_handoff_carries_what_the_team_needs() -> None:
    case = Case(
        said=("geht nicht",),
        intents={"describe_volume_kms": 0.9},
        codes=("0xC004F074",),
        terms=("no_vpn", "urgent", "mainboard_change"),
        facts={"licence_channel": "VOLUME_KMSCLIENT", "tenant_id": "t", "edition": "Enterprise"},
        outputs=("Name: …",),
    ).with_entry("check", "company-network", "connected")
    handoff: Handoff = handoff_of(case, KNOWLEDGE, conversation="c", at="now")
    assert handoff.team == "infrastructure"
    assert handoff.checks == (("company-network", "connected"),)
    assert handoff.device == {"edition": "Enterprise"}
    assert handoff.tenant_id == "t"
    assert handoff.urgent
    assert "mainboard_change" in handoff.context
    assert handoff.outputs == ("Name: …",)
    assert "company_network" in handoff.lacking
