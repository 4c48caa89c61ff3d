"""What holds for all readers together."""

import time
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.readers import READERS, failed_command, read_all
from knowledge.store import HOME, load

PASTES = Path(__file__).parent.parent / "pastes"
CHAT = (Path(__file__).parent / "chat.txt").read_text(encoding="utf-8").splitlines()
SAMPLES = sorted(PASTES.glob("*/*.txt"))
FRAGMENTS = [line for path in SAMPLES for line in path.read_text(encoding="utf-8").splitlines()]
FACTS = load(HOME).facts
LONG = 200_000
GENEROUS = 20  # seconds; a pattern that backtracks would take hours


@pytest.mark.parametrize("line", CHAT)
def test_readers_stay_silent_on_ordinary_chat(line):
    assert read_all(line) == ()


def test_readers_stay_silent_on_a_whole_chat():
    assert read_all(" ".join(CHAT)) == ()


@given(st.text())
def test_no_text_makes_a_reader_fail(text):
    assert all(reading.facts for reading in read_all(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.sampled_from(["\n", " ", ""]))
def test_no_mixture_of_outputs_makes_a_reader_fail_or_invent_a_word(lines, between):
    for reading in read_all(between.join(lines)):
        for name, value in reading.facts.items():
            assert not FACTS[name].values or value in FACTS[name].values


@pytest.mark.parametrize("path", SAMPLES, ids=[f"{p.parent.name}/{p.stem}" for p in SAMPLES])
def test_a_reading_uses_only_the_names_and_values_of_the_knowledge(path):
    for reading in read_all(path.read_text(encoding="utf-8")):
        assert set(reading.missing) <= set(FACTS)
        for name, value in reading.facts.items():
            assert not FACTS[name].values or value in FACTS[name].values


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "\n",
        "a",
        "0",
        "=",
        "0x00000000, ",
        "License Status:",
        "Lizenzstatus :  ",
        "VOLUME_KMS_",
        "---Processing---",
        "LICENSE NAME: Office 16, LICENSE STATUS: ---",
        "attempting to activate the following product LICENSE NAME:",
        "===== Shared Computer Licensing =====",
        "_vlmcs._tcp.",
        "port = 1688 ",
        "RemotePort : 1688 ",
        "Event ID: 12288 0x0, 0x0, a",
        "AzureAdJoined : ",
        "Error: 0xC004F074 Activating Windows ",
        "Der Befehl 'x' ",
    ],
)
def test_a_long_text_of_anything_is_read_in_seconds(piece):
    assert seconds_to_read(piece * (LONG // len(piece))) < GENEROUS


def test_a_megabyte_of_outputs_is_read_in_seconds():
    outputs = "\n".join(FRAGMENTS)
    assert seconds_to_read(outputs * (1_000_000 // len(outputs))) < GENEROUS


def seconds_to_read(text):
    begin = time.process_time()
    read_all(text)
    failed_command(text)
    return time.process_time() - begin


@pytest.mark.parametrize(("first", "second"), list(permutations(["slmgr_dlv", "dsregcmd_status"])))
def test_two_outputs_in_one_message_are_both_read(first, second):
    texts = {name: (PASTES / name / "english.txt").read_text(encoding="utf-8") for name in READERS}
    both = read_all(f"Hallo,\n{texts[first]}\nund\n{texts[second]}")
    assert {reading.reader for reading in both} == {first, second}
    assert all(reading == READERS[reading.reader](texts[reading.reader]) for reading in both)


def test_windows_and_office_in_one_message_keep_their_channels_apart():
    windows = (PASTES / "slmgr_dlv" / "noise.txt").read_text(encoding="utf-8")
    office = (PASTES / "ospp_dstatus" / "english.txt").read_text(encoding="utf-8")
    channels = {r.reader: r.facts["licence_channel"] for r in read_all(windows + office)}
    assert channels == {"slmgr_dlv": "OEM", "ospp_dstatus": "VOLUME_KMSCLIENT"}


def test_no_break_spaces_are_spaces():
    assert read_all("License\u00a0Status:\u00a0Licensed")[0].facts["licence_status"] == "LICENSED"


@pytest.mark.parametrize(
    ("said", "channel"),
    [
        ("slmgr says VOLUME_KMSCLIENT channel and will expire in 171 days", "VOLUME_KMSCLIENT"),
        ("bei mir steht volume_mak channel", "VOLUME_MAK"),
        ("da steht Volume:GVLK", "VOLUME_KMSCLIENT"),
        ("it says RETAIL channel", "RETAIL"),
        ("Product Key-Kanal: Retail", "RETAIL"),
        ("Product Key Channel: Retail:TB:Eval", "EVALUATION"),
        ("Kanal ist OEM:NONSLP", "OEM"),
        ("OEM_COA_NSLP channel", "OEM"),
        ("VOLUME_KMS_2012-R2 channel", "KMS_HOST"),
        ("das ist ein CSVLK-Kanal", "KMS_HOST"),
    ],
)
def test_a_channel_typed_in_a_sentence_is_read_in_part(said, channel):
    (reading,) = read_all(said)
    assert reading.facts["licence_channel"] == channel
    assert "licence_status" in reading.missing


def test_two_channels_in_one_sentence_decide_nothing():
    assert read_all("erwartet war VOLUME_MAK, da steht VOLUME_KMSCLIENT channel") == ()


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("'slmgr' is not recognized as an internal or external command", "slmgr"),
        ('Der Befehl "slmgr" ist entweder falsch geschrieben oder', "slmgr"),
        ("slmgr : The term 'slmgr' is not recognized as the name of a cmdlet", "slmgr"),
        ('Input Error: Can not find script file "C:\\Windows\\ospp.vbs".', "ospp.vbs"),
        ('Eingabefehler: Die Skriptdatei "C:\\x\\ospp.vbs" wurde nicht gefunden.', "ospp.vbs"),
        ("slmgr findet den KMS nicht", None),
    ],
)
def test_a_command_that_the_shell_did_not_find_is_named(said, command):
    assert failed_command(said) == command
