"""`./lotse doctor`: looks at the set-up and says in sentences what is wrong and what to do.

`python -m channels.doctor [--json]` ends with 0 when nothing is wrong, with 1 otherwise. What
cannot be looked at, because there is no internet or nothing runs, is said to be unknown.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import click

from channels.cards import Phrases, say
from channels.services import Installation, NotStarted, Voice, must_be_free
from channels.teams.gate import is_loopback
from channels.teams.routes import PATH
from channels.teams.sending import connections_for
from channels.teams.settings import (
    FILE,
    BadSettings,
    Identity,
    TeamsSettings,
    read_settings,
)
from knowledge import content_rules, store
from knowledge.errors import MalformedKnowledgeError
from knowledge.findings import read_messages
from knowledge.words import Severity

PYTHONS = ((3, 11), (3, 14))
#: Seconds that this clock may differ from Microsoft's: tokens are good from five minutes on.
SKEW_S = 120
PATIENCE = aiohttp.ClientTimeout(total=8)
MANAGED_PATIENCE_S = 8.0
SCOPE = "https://api.botframework.com/.default"
USUAL_PORT = 8080
#: What Entra says, and what that means.
ENTRA = {
    "AADSTS90002": "teams_wrong_tenant",
    "AADSTS900023": "teams_wrong_tenant",
    "AADSTS700016": "teams_wrong_app",
    "AADSTS7000229": "teams_no_principal",
    "AADSTS7000215": "teams_wrong_secret",
    "AADSTS7000222": "teams_expired_secret",
    "AADSTS7000112": "teams_disabled_app",
    "AADSTS53003": "teams_blocked_app",
}


class State(StrEnum):
    """How a look ended. `unknown`: it could not be looked at. `off`: not set up, and not wrong."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    OFF = "off"


@dataclass(frozen=True)
class Finding:
    """What a look found: the phrase `doctor_<phrase>` says it, filled with `values`."""

    check: str
    state: State
    phrase: str
    values: Mapping[str, object]


def _found(check: str, state: State, phrase: str, **values: object) -> Finding:
    return Finding(check, state, phrase, values)


@dataclass(frozen=True)
class Surroundings:
    """What the doctor looks at."""

    installation: Installation
    environ: Mapping[str, str]
    phrases: Phrases
    http: aiohttp.ClientSession
    now: Callable[[], datetime]
    python: tuple[int, ...] = tuple(sys.version_info[:3])
    #: What a test says the settings are.
    teams: TeamsSettings | None = None


async def examine(where: Surroundings) -> AsyncIterator[Finding]:
    """Yield a finding for every part of the set-up."""
    yield python(where)
    yield model(where)
    yield knowledge_files()
    running = note(where.installation)
    yield serving(running)
    for finding in ports(where, running):
        yield finding
    async for finding in parts(where, running):
        yield finding
    yield outbox(where.installation)
    async for finding in teams(where):
        yield finding


# --- this machine ---------------------------------------------------------------------------


def python(where: Surroundings) -> Finding:
    """Look at the Python that runs the desk."""
    lowest, below = PYTHONS
    version = ".".join(map(str, where.python))
    good = lowest <= where.python[:2] < below
    return _found("python", State.OK if good else State.WRONG,
                  "python" if good else "python_wrong", version=version)  # fmt: skip


def model(where: Surroundings) -> Finding:
    """Look whether the language model was trained."""
    path = where.installation.model
    if path.is_file():
        return _found("model", State.OK, "model")
    return _found("model", State.WRONG, "model_missing", path=path)


def knowledge_files() -> Finding:
    """Look for mistakes in the knowledge."""
    try:
        findings = content_rules.check(store.read(store.HOME), date.today(), read_messages())
    except MalformedKnowledgeError:
        return _found("knowledge", State.WRONG, "knowledge_wrong", count="?")
    wrong = sum(one.severity is Severity.ERROR for one in findings)
    if wrong:
        return _found("knowledge", State.WRONG, "knowledge_wrong", count=wrong)
    return _found("knowledge", State.OK, "knowledge")


def outbox(installation: Installation) -> Finding:
    """Count the cases that wait for a ticket system."""
    path = installation.state / "outbox.sqlite"
    if not path.exists():
        return _found("outbox", State.OK, "outbox_empty")
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (count,) = database.execute("SELECT count(*) FROM handoffs").fetchone()
        finally:
            database.close()
    except sqlite3.Error as error:
        return _found("outbox", State.WRONG, "outbox_unreadable", path=path, reason=error)
    return _found("outbox", State.OK, "outbox" if count else "outbox_empty", count=count)


# --- what runs ------------------------------------------------------------------------------


def note(installation: Installation) -> Mapping[str, str] | None:
    """Return what a running `serve` left word of, if one runs."""
    try:
        told = json.loads(installation.running.read_text())
        os.kill(int(told["pid"]), 0)
        return {name: str(told[name]) for name in ("url", "rasa_url")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def serving(running: Mapping[str, str] | None) -> Finding:
    """Say whether the assistant runs."""
    if running is None:
        return _found("serve", State.OFF, "serve_off")
    return _found("serve", State.OK, "serve", url=running["url"])


def ports(where: Surroundings, running: Mapping[str, str] | None) -> Iterator[Finding]:
    """Look whether the usual port is free, when nothing of ours listens on it."""
    if running is not None:
        return
    voice = Voice(where.installation, where.phrases, lambda _: None)
    try:
        must_be_free("127.0.0.1", USUAL_PORT, voice)
        yield _found("port", State.OK, "port", port=USUAL_PORT)
    except NotStarted:
        yield _found("port", State.WRONG, "port_in_use", port=USUAL_PORT)


async def parts(where: Surroundings, running: Mapping[str, str] | None) -> AsyncIterator[Finding]:
    """Look at the web application, Rasa and the actions of a running assistant."""
    if running is None:
        for part in ("web", "rasa", "actions"):
            yield _found(part, State.UNKNOWN, "part_unknown", part=part)
        return
    logs = where.installation.home / "logs"
    status, told = await _get(where.http, f"{running['url']}/healthz")
    if status is None:
        yield _found("web", State.WRONG, "web_away", url=running["url"], log=logs / "web.log")
        yield _found("actions", State.UNKNOWN, "part_unknown", part="actions")
    else:
        yield _found("web", State.OK, "web", url=running["url"])
    alive, _ = await _get(where.http, running["rasa_url"])
    if alive != 200:
        yield _found("rasa", State.WRONG, "rasa_away", log=logs / "rasa.log")
        return
    yield _found("rasa", State.OK, "rasa")
    if status is not None:
        well = status == 200
        phrase = "actions" if well else "actions_away"
        state = State.OK if well else State.WRONG
        yield _found("actions", state, phrase, log=logs / "actions.log", told=told)


async def _get(http: aiohttp.ClientSession, url: str) -> tuple[int | None, str]:
    try:
        async with http.get(url, timeout=PATIENCE) as response:
            return response.status, (await response.text())[:200]
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None, ""


# --- Teams ----------------------------------------------------------------------------------


async def teams(where: Surroundings) -> AsyncIterator[Finding]:
    """Look at the settings for Teams, at Entra, and at the way from Teams to here."""
    try:
        settings = where.teams or read_settings(where.installation.home, where.environ)
    except BadSettings as error:
        sentence = say(where.phrases, error.phrase, where.installation.language, **error.values)
        yield _found("teams", State.WRONG, "told", sentence=sentence)
        return
    if settings is None:
        yield _found("teams", State.OFF, "teams_off")
        return
    if settings.playground:
        yield _found("teams", State.OFF, "teams_playground")
        return
    yield _found("teams", State.OK, "teams", app=settings.app_id, tenant=settings.tenant_id)
    for finding in secrecy(where.installation):
        yield finding
    if settings.identity is Identity.MANAGED_IDENTITY:
        yield await managed(settings)
    else:
        async for finding in entra(where, settings):
            yield finding
    async for finding in endpoint(where, settings):
        yield finding


def secrecy(installation: Installation) -> Iterator[Finding]:
    """Look whether others on this machine can read the file with the secret."""
    path = installation.home / FILE
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield _found("teams_file", State.WRONG, "teams_file_open", path=path)


async def entra(where: Surroundings, settings: TeamsSettings) -> AsyncIterator[Finding]:
    """Ask Entra for the token that every answer needs; the token itself is thrown away."""
    url = f"{settings.cloud.login}/{settings.tenant_id}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.app_id,
        "client_secret": settings.secret,
        "scope": SCOPE,
    }
    try:
        async with where.http.post(url, data=form, timeout=PATIENCE) as response:
            told: Any = await response.json(content_type=None)
            stamped = response.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        host = urlsplit(settings.cloud.login).hostname
        yield _found("teams_token", State.UNKNOWN, "teams_no_internet", host=host)
        return
    yield _judged(told)
    yield _clock(stamped, where.now())


def _judged(told: Any) -> Finding:
    if isinstance(told, dict) and told.get("access_token"):
        return _found("teams_token", State.OK, "teams_token")
    said = str(told.get("error_description", "")) if isinstance(told, dict) else ""
    code = said.partition(":")[0].strip()
    if code in ENTRA:
        return _found("teams_token", State.WRONG, ENTRA[code], code=code)
    return _found("teams_token", State.WRONG, "teams_refused", code=code[:40] or "?")


def _clock(stamped: str, now: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(stamped)
    except (ValueError, TypeError):
        return _found("clock", State.UNKNOWN, "clock_unknown")
    apart = round(abs((now - theirs).total_seconds()))
    state, phrase = (State.OK, "clock") if apart <= SKEW_S else (State.WRONG, "clock_wrong")
    return _found("clock", state, phrase, seconds=apart)


async def managed(settings: TeamsSettings) -> Finding:
    """Ask Azure for the token of the managed identity; only a machine in Azure has one."""
    provider = connections_for(settings).get_default_connection()
    try:
        async with asyncio.timeout(MANAGED_PATIENCE_S):
            await provider.get_access_token("https://api.botframework.com", [SCOPE])
    except Exception:
        # All of them: whatever the identity's service says or does not say, there is no token.
        return _found("teams_token", State.WRONG, "teams_no_identity")
    return _found("teams_token", State.OK, "teams_token")


async def endpoint(where: Surroundings, settings: TeamsSettings) -> AsyncIterator[Finding]:
    """Knock at the address that Teams sends to, without a token: 401 means all is well."""
    address = settings.endpoint
    parts = urlsplit(address)
    if not address:
        yield _found("teams_endpoint", State.UNKNOWN, "teams_endpoint_untold")
    elif parts.scheme != "https":
        yield _found("teams_endpoint", State.WRONG, "teams_endpoint_http", url=address)
    elif is_loopback(parts.hostname or ""):
        yield _found("teams_endpoint", State.WRONG, "teams_endpoint_loopback", url=address)
    elif parts.path.rstrip("/") != PATH:
        yield _found("teams_endpoint", State.WRONG, "teams_endpoint_path", url=address, path=PATH)
    else:
        yield await _knock(where.http, address)


async def _knock(http: aiohttp.ClientSession, address: str) -> Finding:
    try:
        async with http.post(address, json={}, timeout=PATIENCE) as response:
            status = response.status
    except aiohttp.ClientConnectorCertificateError:
        return _found("teams_endpoint", State.WRONG, "teams_endpoint_certificate", url=address)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return _found("teams_endpoint", State.UNKNOWN, "teams_endpoint_away", url=address)
    if status == 401:
        return _found("teams_endpoint", State.OK, "teams_endpoint", url=address)
    known = {503: "teams_endpoint_503", 404: "teams_endpoint_404", 502: "teams_endpoint_502"}
    phrase = known.get(status, "teams_endpoint_other")
    return _found("teams_endpoint", State.WRONG, phrase, url=address, status=status)


# --- the command ----------------------------------------------------------------------------

MARKS = {State.OK: "✓", State.WRONG: "✗", State.UNKNOWN: "?", State.OFF: "–"}


def sentence(finding: Finding, phrases: Phrases, language: str) -> str:
    """Return what was found as a sentence."""
    values = dict(finding.values)
    if "part" in values:
        values["part"] = say(phrases, f"services_{values['part']}", language)
    return say(phrases, f"doctor_{finding.phrase}", language, **values)


def told(finding: Finding, phrases: Phrases, language: str) -> dict[str, str]:
    """Return what was found for programs."""
    words = sentence(finding, phrases, language)
    return {"check": finding.check, "state": finding.state, "message": words}


async def _examined(installation: Installation, phrases: Phrases) -> list[Finding]:
    async with aiohttp.ClientSession() as http:
        where = Surroundings(installation, os.environ, phrases, http, lambda: datetime.now(UTC))
        return [finding async for finding in examine(where)]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object.")
@click.option("--language", type=click.Choice(["de", "en"]), help="Default: that of the shell.")
def main(as_json: bool, language: str | None) -> None:
    """Check the set-up and say what is wrong and what to do.

    Prüft die Einrichtung und sagt, was nicht stimmt und was zu tun ist.
    """
    installation = Installation.from_environment(os.environ)
    phrases = store.load().phrases
    speaks = language or installation.language
    findings = asyncio.run(_examined(installation, phrases))
    wrong = [one for one in findings if one.state is State.WRONG]
    if as_json:
        listed = [told(one, phrases, speaks) for one in findings]
        click.echo(json.dumps({"ok": not wrong, "findings": listed}, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.state]} {sentence(finding, phrases, speaks)}")
        end = "doctor_some_wrong" if wrong else "doctor_all_well"
        click.echo(f"\n{say(phrases, end, speaks, count=len(wrong))}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(prog_name="./lotse doctor")
