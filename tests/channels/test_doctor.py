"""./lotse doctor: what it finds, and that it says what to do."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ruamel.yaml import YAML

from channels import doctor
from channels.doctor import State, Surroundings
from channels.services import Installation
from channels.teams.settings import Cloud, Identity, TeamsSettings
from tests.channels.fake_home import fake_home
from tests.channels.fake_teams import APP, TENANT

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installation(tmp_path):
    (tmp_path / "state").mkdir()
    return Installation(ROOT, tmp_path, "en")


@pytest.fixture
async def where(installation, knowledge, clock):
    async with aiohttp.ClientSession() as http:
        yield Surroundings(installation, {}, knowledge.phrases, http, clock)


class Entra:
    """Entra's token service on loopback."""

    def __init__(self, now):
        self.now, self.answer, self.asked = now, {"access_token": "x"}, {}

    async def token(self, request):
        self.asked = dict(await request.post()) | {"tenant": request.match_info["tenant"]}
        headers = {"Date": format_datetime(self.now(), usegmt=True)}
        status = 200 if "access_token" in self.answer else 401
        return web.json_response(self.answer, status=status, headers=headers)


@pytest.fixture
async def entra(clock):
    played = Entra(clock)
    app = web.Application()
    app.router.add_post("/{tenant}/oauth2/v2.0/token", played.token)
    async with TestServer(app) as server:
        played.url = str(server.make_url("/")).rstrip("/")
        yield played


def settings(**more):
    told = {"app_id": APP, "tenant_id": TENANT, "secret": "nobody sees this"}
    return TeamsSettings(**(told | more))


async def found(where, name, **teams):
    """Return the finding `name` of a look at Teams with these settings."""
    looked = replace(where, teams=settings(**teams))
    return {one.check: one async for one in doctor.teams(looked)}.get(name)


def words(finding, where):
    """Return the sentence in both languages; each must be whole."""
    said = [doctor.sentence(finding, where.phrases, language) for language in ("de", "en")]
    assert said[0] != said[1]
    assert "nobody sees" not in " ".join(said)
    return said[1]


# --- this machine ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 9), State.WRONG), ((3, 11, 0), State.OK), ((3, 13, 5), State.OK),
     ((3, 14, 0), State.WRONG)],
)  # fmt: skip
def test_the_python_has_to_fit(version, state, where):
    finding = doctor.python(replace(where, python=version))
    assert finding.state is state
    assert ".".join(map(str, version)) in words(finding, where)


def test_a_missing_model_is_found(where, installation):
    finding = doctor.model(where)
    assert finding.state is State.WRONG
    assert "./lotse train" in words(finding, where)
    installation.model.parent.mkdir()
    installation.model.write_bytes(b"x")
    assert doctor.model(where).state is State.OK


def test_the_knowledge_is_without_mistakes():
    assert doctor.knowledge_files().state is State.OK


def test_cases_that_wait_are_counted(where, installation):
    assert doctor.outbox(installation).phrase == "outbox_empty"
    path = installation.state / "outbox.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE handoffs (number INTEGER)")
        database.execute("INSERT INTO handoffs VALUES (1), (2)")
    assert "2 cases" in words(doctor.outbox(installation), where)
    path.write_bytes(b"this is no database at all, not even a little" * 50)
    finding = doctor.outbox(installation)
    assert finding.state is State.WRONG
    assert "copy of the file" in words(finding, where)


# --- what runs ------------------------------------------------------------------------------


async def test_what_does_not_run_cannot_be_looked_at(where):
    findings = [one async for one in doctor.parts(where, None)]
    assert {one.state for one in findings} == {State.UNKNOWN}
    assert {one.check for one in findings} == {"web", "rasa", "actions"}


@pytest.mark.parametrize(
    ("health", "status", "states"),
    [
        (True, 200, {"web": State.OK, "rasa": State.OK, "actions": State.OK}),
        (False, 200, {"web": State.OK, "rasa": State.OK, "actions": State.WRONG}),
        (True, 500, {"web": State.OK, "rasa": State.WRONG}),
    ],
)
async def test_each_part_that_runs_is_told_apart(
    health, status, states, where, client, rasa, rasa_url
):
    rasa.health, rasa.status = health, status
    running = {"url": str(client.make_url("/")).rstrip("/"), "rasa_url": rasa_url}
    findings = {one.check: one async for one in doctor.parts(where, running)}
    assert {name: one.state for name, one in findings.items()} == states
    assert all(words(one, where) for one in findings.values())


async def test_a_web_application_that_is_away_is_found(where):
    running = {"url": "http://127.0.0.1:9", "rasa_url": "http://127.0.0.1:9"}
    findings = {one.check: one async for one in doctor.parts(where, running)}
    assert findings["web"].state is State.WRONG
    assert findings["rasa"].state is State.WRONG
    assert "web.log" in words(findings["web"], where)


# --- Teams ----------------------------------------------------------------------------------


async def test_teams_that_is_not_set_up_is_not_wrong(where):
    (finding,) = [one async for one in doctor.teams(where)]
    assert finding.state is State.OFF
    assert "docs/teams.md" in words(finding, where)


async def test_settings_that_cannot_be_used_are_said(where):
    looked = replace(where, environ={"LOTSE_TEAMS_APP_ID": "x"})
    (finding,) = [one async for one in doctor.teams(looked)]
    assert finding.state is State.WRONG
    assert "is missing" in doctor.sentence(finding, where.phrases, "en")


async def test_a_good_bot_gets_its_token(where, entra):
    finding = await found(where, "teams_token", cloud=Cloud(login=entra.url))
    assert finding.state is State.OK
    assert entra.asked == {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": "nobody sees this",
        "scope": "https://api.botframework.com/.default",
        "tenant": TENANT,
    }


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("AADSTS90002", "no such tenant"),
        ("AADSTS700016", "no such app"),
        ("AADSTS7000229", "no service principal"),
        ("AADSTS7000215", "secret is wrong"),
        ("AADSTS7000222", "secret has expired"),
        ("AADSTS7000112", "is disabled"),
        ("AADSTS53003", "Conditional Access"),
        ("AADSTS50196", "AADSTS50196"),
        ("", "(?)"),
    ],
)
async def test_what_entra_says_is_said_with_what_to_do(code, sentence, where, entra):
    entra.answer = {"error": "invalid_client", "error_description": f"{code}: Nothing. Trace: 1"}
    finding = await found(where, "teams_token", cloud=Cloud(login=entra.url))
    assert finding.state is State.WRONG
    assert sentence in words(finding, where)


async def test_without_internet_it_says_that_it_cannot_know(where):
    finding = await found(where, "teams_token", cloud=Cloud(login="http://127.0.0.1:9"))
    assert finding.state is State.UNKNOWN
    assert "Without internet" in words(finding, where)


@pytest.mark.parametrize(
    ("off", "state"),
    [(0, State.OK), (100, State.OK), (-100, State.OK), (130, State.WRONG), (-4000, State.WRONG)],
)
async def test_a_clock_that_is_off_is_found(off, state, where, entra, clock):
    entra.now = lambda: clock() + timedelta(seconds=off)
    finding = await found(where, "clock", cloud=Cloud(login=entra.url))
    assert finding.state is state
    assert str(abs(off)) in words(finding, where)


async def test_a_managed_identity_outside_azure_is_said_to_be_none(where, monkeypatch):
    monkeypatch.setattr(doctor, "MANAGED_PATIENCE_S", 0.5)
    finding = await found(where, "teams_token", identity=Identity.MANAGED_IDENTITY, secret="")
    assert finding.state is State.WRONG
    assert "single_tenant" in words(finding, where)


async def test_a_file_with_the_secret_that_others_can_read_is_found(where, installation, entra):
    path = installation.home / "teams.yaml"
    path.write_text("secret: x")
    path.chmod(0o644)
    assert "chmod 600" in words(
        await found(where, "teams_file", cloud=Cloud(login=entra.url)), where
    )
    path.chmod(0o600)
    assert await found(where, "teams_file", cloud=Cloud(login=entra.url)) is None


@pytest.mark.parametrize(
    ("address", "state", "sentence"),
    [
        ("", State.UNKNOWN, "not known"),
        ("http://lotse.example.com/api/messages", State.WRONG, "does not begin with https"),
        ("https://localhost/api/messages", State.WRONG, "computer itself"),
        ("https://lotse.example.com/", State.WRONG, "does not end in /api/messages"),
        ("https://lotse.invalid/api/messages", State.UNKNOWN, "cannot be reached"),
    ],
)
async def test_an_address_that_teams_cannot_use_is_found(address, state, sentence, where):
    looked = replace(where, teams=settings(endpoint=address))
    (finding,) = [one async for one in doctor.endpoint(looked, looked.teams)]
    assert finding.state is state
    assert sentence in words(finding, where)


@pytest.mark.parametrize(
    ("status", "state", "sentence"),
    [
        (401, State.OK, "as it should"),
        (503, State.WRONG, "not set up there"),
        (404, State.WRONG, "something else is there"),
        (502, State.WRONG, "does not reach"),
        (302, State.WRONG, "answers 302"),
        (200, State.WRONG, "answers 200"),
    ],
)
async def test_what_the_address_answers_is_understood(status, state, sentence, where):
    async def answer(request):
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/api/messages", answer)
    async with TestServer(app) as server:
        finding = await doctor._knock(where.http, str(server.make_url("/api/messages")))
    assert finding.state is state
    assert sentence in words(finding, where)


# --- the command ----------------------------------------------------------------------------


def test_every_sentence_of_the_doctor_is_used():
    source = (ROOT / "channels" / "doctor.py").read_text()
    phrases = YAML(typ="safe").load(ROOT / "knowledge" / "phrases" / "doctor.yaml")
    unused = [name for name in phrases if name.removeprefix("doctor_") not in source]
    assert unused == []


def run(tmp_path, *arguments, **environ):
    return subprocess.run(
        [sys.executable, "-P", "-m", "channels.doctor", *arguments],
        capture_output=True,
        text=True,
        env=fake_home(tmp_path) | environ,
        check=False,
    )


def test_the_command_says_it_in_sentences_and_ends_well_when_nothing_is_wrong(tmp_path):
    done = run(tmp_path, "--json")
    told = json.loads(done.stdout)
    wrong = [one for one in told["findings"] if one["state"] == "wrong"]
    # Whether the usual port is free is this machine's affair.
    assert {one["check"] for one in wrong} <= {"port"}
    assert (done.returncode == 0) is told["ok"] is (not wrong)
    assert all(one["message"].endswith((".", "1")) for one in told["findings"])


def test_the_command_speaks_german_and_fails_when_something_is_wrong(tmp_path):
    done = run(tmp_path, LC_ALL="de_DE.UTF-8", LOTSE_TEAMS_APP_ID="x")
    assert done.returncode == 1
    assert "✗ Teams: Die Angabe „secret“ fehlt." in done.stdout
    assert "Traceback" not in done.stderr
