"""Facts beat codes, codes and terms beat the classifier."""

import math
from dataclasses import replace

import pytest

from actions.case import Case
from actions.evidence import Scope, fault_for, understand
from actions.step import Kind
from actions.triage import decide, next_step
from knowledge.store import load
from knowledge.words import Mechanism, Product

KNOWLEDGE = load()


def described(mechanism: str, chance: float = 0.9) -> dict[str, float]:
    return {f"describe_{mechanism}": chance, "describe_unknown": 1 - chance}


def test_the_shares_sum_to_one() -> None:
    seen = understand(Case(said=("x",), intents=described("volume_kms")), KNOWLEDGE)
    assert math.isclose(sum(share for _, share in seen.ranking), 1.0)


def test_without_other_evidence_the_classifier_decides() -> None:
    seen = understand(Case(said=("x",), intents=described("m365_sca")), KNOWLEDGE)
    assert seen.mechanism is Mechanism.M365_SCA


def test_a_code_outweighs_a_hesitant_classifier() -> None:
    case = Case(said=("x",), intents=described("windows_retail", 0.4), codes=("0xC004F074",))
    assert understand(case, KNOWLEDGE).mechanism is Mechanism.VOLUME_KMS


@pytest.mark.parametrize(
    ("channel", "mechanism"),
    [
        ("OEM", Mechanism.WINDOWS_OEM),
        ("VOLUME_MAK", Mechanism.VOLUME_MAK),
        ("VOLUME_KMSCLIENT", Mechanism.VOLUME_KMS),
    ],
)
def test_the_licence_channel_of_an_output_outweighs_everything(
    channel: str, mechanism: Mechanism
) -> None:
    """0xC004C008 means different things: on an OEM board, a MAK, and a KMS host key."""
    case = Case(
        said=("x",),
        intents=described("windows_retail", 0.95),
        codes=("0xC004C008",),
        facts={"licence_channel": channel, "licensed_product": "windows"},
    )
    assert understand(case, KNOWLEDGE).mechanism is mechanism


def test_volume_licensed_office_is_office() -> None:
    case = Case(
        said=("x",),
        intents=described("volume_kms"),
        facts={"licence_channel": "VOLUME_KMSCLIENT", "licensed_product": "m365"},
    )
    assert understand(case, KNOWLEDGE).product is Product.M365


def test_what_describes_nothing_of_ours_is_out_of_scope() -> None:
    case = Case(said=("x",), intents={"out_of_scope": 0.9, "describe_unknown": 0.1})
    assert understand(case, KNOWLEDGE).scope is Scope.OUT


def test_a_sure_request_for_a_bypass_is_refused_even_with_a_real_code() -> None:
    case = Case(said=("x",), intents={"piracy": 0.9}, codes=("0xC004F074",))
    seen = understand(case, KNOWLEDGE)
    assert seen.refused
    assert seen.scope is Scope.OUT


def test_somebody_who_was_declined_may_still_ask_for_a_person() -> None:
    case = Case(said=("x",), intents={"piracy": 0.9}, wants_human=True)
    assert decide(case, KNOWLEDGE).kind is Kind.ESCALATE
    assert understand(case, KNOWLEDGE).refused


@pytest.mark.parametrize(
    ("code", "product"), [("0xC004F012", Product.WINDOWS), ("0x80072EE2", Product.BOTH)]
)
def test_a_licensing_code_alone_mostly_means_windows(code: str, product: Product) -> None:
    """A code that any program shows says nothing of the product."""
    intents = {"describe_unknown": 0.9, "describe_windows_oem": 0.06, "describe_m365_user": 0.04}
    seen = understand(Case(said=("x",), intents=intents, codes=(code,)), KNOWLEDGE)
    assert seen.mechanism is Mechanism.UNKNOWN
    assert seen.product is product


def test_a_situation_tells_a_fault_before_a_circumstance_does() -> None:
    """A plan that does not cover shared computers, on a terminal server."""
    case = Case(said=("x",), terms=("rds_avd", "sca_plan_missing"))
    fault = fault_for(case, Mechanism.M365_SCA, KNOWLEDGE)
    assert fault is not None
    assert fault.id == "sca-plan-missing"


def test_an_answer_to_a_question_leaves_only_what_it_names() -> None:
    case = Case(said=("x",), intents=described("m365_user")).with_entry(
        "ask", "which-product", "windows"
    )
    assert understand(case, KNOWLEDGE).mechanism.value.startswith(("windows_", "volume_"))


NOT_OURS = {"out_of_scope": 0.99, "describe_m365_device": 0.01}


@pytest.mark.parametrize("code", ["0x80180018", "AADSTS50076"])
def test_few_words_around_a_code_that_occurs_only_here_are_for_us(code: str) -> None:
    case = Case(said=(f"{code} at my new laptop",), intents=NOT_OURS, codes=(code,))
    assert understand(case, KNOWLEDGE).scope is Scope.IN


def test_few_words_around_a_code_that_occurs_everywhere_may_be_about_something_else() -> None:
    case = Case(said=("Update 0x80072EE2",), intents=NOT_OURS, codes=("0x80072EE2",))
    assert understand(case, KNOWLEDGE).scope is Scope.OUT


def test_a_long_story_of_something_else_stays_out_whatever_code_it_names() -> None:
    story = "my own app gets a token for the calendar of a customer and then shows 0x80180018"
    case = Case(said=(story,), intents=NOT_OURS, codes=("0x80180018",))
    assert understand(case, KNOWLEDGE).scope is Scope.OUT


@pytest.mark.parametrize("mechanism", ["m365_device", "m365_token"])
def test_a_code_leads_to_its_fault_in_every_mechanism_it_occurs_in(mechanism: str) -> None:
    case = Case(said=("x",), intents=described(mechanism), codes=("0x80280803",))
    fault = fault_for(case, Mechanism(mechanism), KNOWLEDGE)
    assert fault is not None
    assert fault.id == "tpm-not-working"


def test_no_question_is_asked_when_a_code_names_one_fault() -> None:
    case = Case(said=("x",), intents={"describe_unknown": 1.0}, codes=("0xD000001C",))
    assert decide(case, KNOWLEDGE).kind is Kind.CHECK


def test_a_question_is_asked_when_a_code_occurs_in_two_mechanisms() -> None:
    case = Case(said=("x",), intents={"describe_unknown": 1.0}, codes=("0x80280803",))
    assert decide(case, KNOWLEDGE).kind is Kind.ASK


#: Codes of faults that have nothing to do with how a licence is activated.
STORE, OPERATION = "0xC004E002", "0xC004F074"


@pytest.mark.parametrize("mechanism", ["volume_kms", "volume_mak", "windows_retail"])
def test_a_fault_of_every_mechanism_goes_first_where_a_code_names_it(mechanism: str) -> None:
    case = Case(said=("x",), intents=described(mechanism), codes=(STORE,))
    assert understand(case, KNOWLEDGE).mechanism == mechanism
    fault = fault_for(case, Mechanism(mechanism), KNOWLEDGE)
    assert fault
    assert fault.id == "licence-store-damaged"


def test_where_a_code_names_a_fault_of_the_mechanism_itself_that_one_is_walked() -> None:
    case = Case(said=("x",), codes=(STORE, OPERATION))
    fault = fault_for(case, Mechanism.VOLUME_KMS, KNOWLEDGE)
    assert fault
    assert fault.id == "kms-host-unreachable"


def test_a_fault_of_every_mechanism_leaves_the_mechanism_open() -> None:
    seen = understand(Case(said=("x",), codes=("0x8004FE21",)), KNOWLEDGE)
    (_, first), (_, second) = seen.ranking[:2]
    assert math.isclose(first, second)
    assert Mechanism.UNKNOWN in dict(seen.ranking[:10])


def test_a_code_that_names_one_fault_of_windows_needs_no_question() -> None:
    step = next_step(Case(said=("x",), codes=("0x8004FE21",)), KNOWLEDGE)
    assert (step.kind, step.fault) == (Kind.CHECK, "windows-not-genuine")


def test_a_code_that_windows_and_office_both_show_is_asked_about() -> None:
    step = next_step(Case(said=("x",), codes=("0x80070005",)), KNOWLEDGE)
    assert (step.kind, step.id) == (Kind.ASK, "which-product")


def test_where_windows_is_named_such_a_code_needs_no_question() -> None:
    step = next_step(
        Case(said=("x",), codes=("0x80070005",), terms=("windows-product",)), KNOWLEDGE
    )
    assert (step.kind, step.fault) == (Kind.CHECK, "activation-needs-rights")


def test_a_code_of_licensing_is_never_out_of_scope_however_many_mechanisms_show_it() -> None:
    case = Case(said=("x",), intents={"out_of_scope": 0.6, "explain": 0.4}, codes=("0xC004E002",))
    assert understand(case, KNOWLEDGE).scope is Scope.IN


def test_few_words_around_a_code_of_every_licence_channel_are_for_us() -> None:
    case = Case(said=("What does 0x4004F00C mean?",), intents=NOT_OURS, codes=("0x4004F00C",))
    assert understand(case, KNOWLEDGE).scope is Scope.IN


def test_few_words_around_an_error_number_that_any_program_shows_are_not() -> None:
    case = Case(said=("printer says 0x80070422",), intents=NOT_OURS, codes=("0x80070422",))
    assert understand(case, KNOWLEDGE).scope is Scope.OUT


def test_where_no_mechanism_leads_the_named_fault_is_walked_and_not_a_faint_mechanism() -> None:
    faint = {"describe_unknown": 0.9, "describe_volume_kms": 0.1}
    terms = ("windows-product",)
    case = Case(said=("x",), intents=faint, codes=("0x80072F8A",), terms=terms)
    step = next_step(case, KNOWLEDGE)
    assert (step.kind, step.fault) == (Kind.CHECK, "activation-service-blocked")


USER = Case(said=("x",), intents=described("m365_user"))


@pytest.mark.parametrize(("team_acts", "escalates"), [(0.99, True), (0.5, False), (None, False)])
def test_what_a_description_says_as_a_whole_can_need_a_team(
    team_acts: float | None, escalates: bool
) -> None:
    step = next_step(replace(USER, team_acts=team_acts), KNOWLEDGE)
    assert step.case["escalate"] is escalates
    assert step.case["team"] == ("licensing" if escalates else "none")


def test_a_private_person_has_no_team() -> None:
    case = replace(USER, team_acts=0.99, terms=("private_person",))
    assert next_step(case, KNOWLEDGE).case["escalate"] is False


@pytest.mark.parametrize(("team_acts", "escalates"), [(None, True), (0.6, True), (0.01, False)])
def test_a_single_word_does_not_count_against_the_whole_description(
    team_acts: float | None, escalates: bool
) -> None:
    case = replace(USER, terms=("license_removed",), team_acts=team_acts)
    assert next_step(case, KNOWLEDGE).case["escalate"] is escalates


def test_a_proof_counts_against_the_words() -> None:
    proof = {"srv_record": "FOUND", "port_1688": "CLOSED", "licence_channel": "VOLUME_KMSCLIENT"}
    case = Case(said=("x",), intents=described("volume_kms"), facts=proof, team_acts=0.01)
    assert next_step(case, KNOWLEDGE).case["escalate"] is True
