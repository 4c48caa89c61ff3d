"""What Teams needs to know: which bot this is, in which tenant, and how it proves that.

From the environment (LOTSE_TEAMS_…), else from `teams.yaml` in the folder LOTSE_HOME. The secret
is in no repr and in no log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FILE = "teams.yaml"
PREFIX = "LOTSE_TEAMS_"
#: What may stand in the file; each is also LOTSE_TEAMS_ and the name in capitals.
NAMES = (
    *("app_id", "tenant_id", "identity", "secret", "secret_file"),
    *("user_tenants", "endpoint", "playground"),
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


class Identity(StrEnum):
    """How the bot proves who it is."""

    SINGLE_TENANT = "single_tenant"
    MANAGED_IDENTITY = "managed_identity"


class BadSettings(ValueError):
    """The settings for Teams cannot be used: `phrase` and `values` say why, for people."""

    def __init__(self, phrase: str, **values: str) -> None:
        super().__init__(f"{phrase} {values}")
        self.phrase, self.values = phrase, values


@dataclass(frozen=True)
class Cloud:
    """Where Microsoft's services are: who signs what arrives, and where answers may go."""

    issuer: str = "https://api.botframework.com"
    metadata: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    login: str = "https://login.microsoftonline.com"
    entra: str = "https://sts.windows.net"
    #: Hosts, with everything below them, that an answer may be sent to.
    services: tuple[str, ...] = (
        *("botframework.com", "smba.trafficmanager.net"),
        *("teams.microsoft.com", "teams.cloud.microsoft"),
    )


@dataclass(frozen=True)
class TeamsSettings:
    """The bot as Entra and Azure know it. `user_tenants`: whose people may write to it.

    `playground` lets the Microsoft 365 Agents Playground in, which proves nothing: only from this
    machine, and only where no bot is configured.
    """

    app_id: str = ""
    tenant_id: str = ""
    identity: Identity = Identity.SINGLE_TENANT
    secret: str = field(default="", repr=False)
    user_tenants: tuple[str, ...] = ()
    endpoint: str = ""
    playground: bool = False
    cloud: Cloud = Cloud()

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose people may write to the bot."""
        return frozenset((self.tenant_id, *self.user_tenants))


def read_settings(home: Path, environ: Mapping[str, str]) -> TeamsSettings | None:
    """Return the settings for Teams; None when there are none. Raises BadSettings."""
    told = _file(home / FILE) | _environment(environ)
    return _settings(told, home) if told else None


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: environ.get(PREFIX + name.upper(), "").strip() for name in NAMES}
    return {name: value for name, value in found.items() if value}


def _file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings("teams_settings_unreadable", file=str(path)) from error
    try:
        told: Any = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:  # its text quotes the file, and the secret may stand there
        raise BadSettings("teams_settings_unreadable", file=str(path)) from error
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise BadSettings("teams_settings_unreadable", file=str(path))
    for name in told:
        if name not in NAMES:
            raise BadSettings("teams_settings_name", entry=str(name), names=", ".join(NAMES))
    return {name: _line(value) for name, value in told.items() if value not in (None, "")}


def _line(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _settings(told: Mapping[str, str], home: Path) -> TeamsSettings:
    playground = _switch(told.get("playground", ""))
    if playground and told.get("app_id"):
        raise BadSettings("teams_settings_both")
    if playground:
        return TeamsSettings(playground=True)
    if set(told) <= {"playground", "endpoint"}:
        raise BadSettings("teams_settings_missing", entry="app_id")
    identity = _identity(told.get("identity", Identity.SINGLE_TENANT))
    secret = _secret(told, home)
    if identity is Identity.SINGLE_TENANT and not secret:
        raise BadSettings("teams_settings_missing", entry="secret")
    return TeamsSettings(
        app_id=_guid(told, "app_id"),
        tenant_id=_guid(told, "tenant_id"),
        identity=identity,
        secret=secret,
        user_tenants=_guids(told.get("user_tenants", "")),
        endpoint=told.get("endpoint", ""),
    )


def _switch(word: str) -> bool:
    if word.lower() not in (*_YES, *_NO):
        raise BadSettings("teams_settings_value", entry="playground", allowed="true, false")
    return word.lower() in _YES


def _identity(word: str) -> Identity:
    try:
        return Identity(word.lower())
    except ValueError as error:
        allowed = ", ".join(Identity)
        raise BadSettings("teams_settings_value", entry="identity", allowed=allowed) from error


def _guid(told: Mapping[str, str], name: str) -> str:
    value = told.get(name, "").lower()
    if not value:
        raise BadSettings("teams_settings_missing", entry=name)
    if not is_guid(value):
        raise BadSettings("teams_settings_guid", entry=name)
    return value


def _guids(words: str) -> tuple[str, ...]:
    found = tuple(words.lower().replace(",", " ").split())
    if not all(map(is_guid, found)):
        raise BadSettings("teams_settings_guid", entry="user_tenants")
    return found


def is_guid(word: str) -> bool:
    """Return whether `word` is an id as Entra writes them, in small letters."""
    return bool(_GUID.fullmatch(word))


def _secret(told: Mapping[str, str], home: Path) -> str:
    if "secret_file" not in told:
        return told.get("secret", "")
    path = home / told["secret_file"]  # an absolute path stays what it is
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings("teams_settings_unreadable", file=str(path)) from error
