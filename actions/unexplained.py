"""Codes that no fault explains: all that may be said of them is their family.

A family (knowledge/families.yaml) says what reports a code and what kind of error it is. It is no
diagnosis, and nothing here makes it one.
"""

from __future__ import annotations

from collections.abc import Iterable

from actions.case import Case
from knowledge.families import family_of
from knowledge.schema import Family
from knowledge.store import Knowledge
from knowledge.words import Team

#: The id of the offer to hand over what only the family of a code is known of.
FAMILY = "family"


def unexplained(codes: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Return the codes that no fault in use lists."""
    return tuple(code for code in codes if code not in knowledge.explained)


def family(code: str, knowledge: Knowledge) -> Family | None:
    """Return the family of a code, None when nobody knows such a code."""
    return family_of(code, knowledge.families)


def families(codes: Iterable[str], knowledge: Knowledge) -> tuple[Family, ...]:
    """Return the families of the codes that no fault explains, as far as they have one."""
    found = (family(code, knowledge) for code in unexplained(codes, knowledge))
    return tuple(known for known in found if known is not None)


def are_foreign(codes: Iterable[str], knowledge: Knowledge) -> bool:
    """Tell whether all codes belong to something else: Windows Update, setup, BitLocker."""
    codes = tuple(codes)
    known = families(codes, knowledge)
    return bool(codes) and len(known) == len(codes) and not any(f.ours for f in known)


def may_be_ours(codes: Iterable[str], knowledge: Knowledge) -> bool:
    """Tell whether an unexplained code comes from something that one of our teams looks after."""
    return any(f.ours and f.team is not Team.NONE for f in families(codes, knowledge))


def team_of(codes: Iterable[str], knowledge: Knowledge) -> Team:
    """Return the team that takes over what is known by these codes alone."""
    teams = (f.team for f in families(codes, knowledge) if f.ours and f.team is not Team.NONE)
    return next(teams, Team.NONE)


def handed_over_unexplained(case: Case) -> bool:
    """Tell whether the case was handed over for its code alone, before any diagnosis."""
    return any((e.kind, e.id, e.answer) == ("escalate", FAMILY, "yes") for e in case.log)
