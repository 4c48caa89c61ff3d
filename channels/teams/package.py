"""The app package: what an administrator uploads to Teams, built and checked.

The rules of the manifest are those of Microsoft's schema for its version; a manifest that breaks
one is not written. https://developer.microsoft.com/json-schemas/teams/v1.30/MicrosoftTeams.schema.json
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from channels.cards import Phrases, say
from channels.teams.icons import colour_icon, outline_icon
from channels.teams.settings import is_guid

VERSION = "1.30"
SCHEMAS = f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}"
SCHEMA = f"{SCHEMAS}/MicrosoftTeams.schema.json"
LOCALIZATION = f"{SCHEMAS}/MicrosoftTeams.Localization.schema.json"
ACCENT = "#0F4C5C"
LANGUAGES = ("en", "de")
#: What people can pick instead of typing; the phrases are understood when they are sent.
COMMANDS = ("restart", "why", "back", "human", "language")
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_DAY = (1980, 1, 1, 0, 0, 0)

Json = dict[str, Any]


class BadPackage(ValueError):
    """The package cannot be built: `phrase` and `values` say why, for people."""

    def __init__(self, phrase: str, **values: object) -> None:
        super().__init__(f"{phrase} {values}")
        self.phrase, self.values = phrase, values


@dataclass(frozen=True)
class App:
    """What differs from one organisation to the next."""

    bot_id: str
    domain: str
    developer: str
    website: str = ""
    privacy: str = ""
    terms: str = ""
    version: str = "1.0.0"


# --- the rules ------------------------------------------------------------------------------

Guid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
]
Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https://[^/\s]+\S*$")]
Version = Annotated[str, StringConstraints(max_length=256, pattern=r"^\d+\.\d+\.\d+$")]
Scope = Literal["personal", "team", "groupChat"]


Words30 = Annotated[str, StringConstraints(min_length=1, max_length=30)]
Words32 = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Words80 = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Words100 = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Words128 = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Words4000 = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Developer(_Strict):
    name: Words32
    websiteUrl: Url
    privacyUrl: Url
    termsOfUseUrl: Url


class _Name(_Strict):
    short: Words30
    full: Words100


class _Description(_Strict):
    short: Words80
    full: Words4000


class _Icons(_Strict):
    color: Literal["color.png"]
    outline: Literal["outline.png"]


class _Command(_Strict):
    title: Words32  # the schema allows more; Teams shows no more
    description: Words128


class _CommandList(_Strict):
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    commands: list[_Command] = Field(min_length=1, max_length=10)


class _Bot(_Strict):
    botId: Guid
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    isNotificationOnly: Literal[False]
    supportsFiles: bool
    commandLists: list[_CommandList] = Field(max_length=3)


class _Language(_Strict):
    languageTag: Literal["de"]
    file: Literal["de.json"]


class _Languages(_Strict):
    defaultLanguageTag: Literal["en"]
    defaultLanguageFile: Literal["en.json"]
    additionalLanguages: list[_Language]


class _Manifest(_Strict):
    schema_: str = Field(alias="$schema")
    manifestVersion: Literal["1.30"]
    version: Version
    id: Guid
    developer: _Developer
    name: _Name
    description: _Description
    icons: _Icons
    accentColor: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
    bots: list[_Bot] = Field(min_length=1, max_length=1)
    defaultInstallScope: Literal["personal"]
    validDomains: list[Words4000] = Field(max_length=100)
    localizationInfo: _Languages


# --- what is in it --------------------------------------------------------------------------


def build(app: App, phrases: Phrases) -> bytes:
    """Return the package as a zip; the same app gives the same bytes. Raises BadPackage."""
    _check(app)
    manifest = manifest_of(app, phrases)
    check_manifest(manifest)
    texts = {f"{language}.json": localization(language, phrases) for language in LANGUAGES}
    files = {
        "manifest.json": _text(manifest),
        **{name: _text(told) for name, told in texts.items()},
        "color.png": colour_icon(),
        "outline.png": outline_icon(),
    }
    return _zip(files)


def manifest_of(app: App, phrases: Phrases) -> Json:
    """Return the manifest, its words in English; German stands in de.json."""
    site = f"https://{app.domain}/"
    scopes = ["personal", "team", "groupChat"]
    commands = [_command(name, "en", phrases) for name in COMMANDS]
    return {
        "$schema": SCHEMA,
        "manifestVersion": VERSION,
        "version": app.version,
        "id": app.bot_id,
        "developer": {
            "name": app.developer,
            "websiteUrl": app.website or site,
            "privacyUrl": app.privacy or site,
            "termsOfUseUrl": app.terms or site,
        },
        "name": {key: _say(f"app_name_{key}", "en", phrases) for key in ("short", "full")},
        "description": {key: _say(f"app_{key}", "en", phrases) for key in ("short", "full")},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": app.bot_id,
                "scopes": scopes,
                "isNotificationOnly": False,
                "supportsFiles": True,
                "commandLists": [{"scopes": scopes, "commands": commands}],
            }
        ],
        "defaultInstallScope": "personal",
        "validDomains": [app.domain],
        "localizationInfo": {
            "defaultLanguageTag": "en",
            "defaultLanguageFile": "en.json",
            "additionalLanguages": [{"languageTag": "de", "file": "de.json"}],
        },
    }


def localization(language: str, phrases: Phrases) -> Json:
    """Return the words of the manifest in a language, under the places where they stand."""
    words: Json = {"$schema": LOCALIZATION}
    for key in ("short", "full"):
        words[f"name.{key}"] = _say(f"app_name_{key}", language, phrases)
        words[f"description.{key}"] = _say(f"app_{key}", language, phrases)
    for number, name in enumerate(COMMANDS):
        for key, text in _command(name, language, phrases).items():
            words[f"bots[0].commandLists[0].commands[{number}].{key}"] = text
    return words


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Raise BadPackage when a manifest breaks a rule of the schema."""
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        raise BadPackage("teams_package_rule", problems="; ".join(_problems(error))) from error


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False):
        place = ".".join(map(str, one["loc"]))
        yield f"{place}: {one['msg']}"


def _check(app: App) -> None:
    if not is_guid(app.bot_id):
        raise BadPackage("teams_package_bot_id", value=app.bot_id)
    if not _HOST.fullmatch(app.domain):
        raise BadPackage("teams_package_domain", value=app.domain)
    if not re.fullmatch(r"\d+\.\d+\.\d+", app.version):
        raise BadPackage("teams_package_version", value=app.version)
    if not 1 <= len(app.developer) <= 32:
        raise BadPackage("teams_package_developer", value=app.developer)
    for value in filter(None, (app.website, app.privacy, app.terms)):
        if not re.fullmatch(r"https://[^/\s]+\S*", value):
            raise BadPackage("teams_package_url", value=value)


def _command(name: str, language: str, phrases: Phrases) -> Json:
    return {
        "title": _say(f"command_{name}", language, phrases),
        "description": _say(f"command_{name}_about", language, phrases),
    }


def _say(name: str, language: str, phrases: Phrases) -> str:
    return say(phrases, f"teams_{name}", language)


def _text(told: Json) -> bytes:
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            about = zipfile.ZipInfo(name, _DAY)  # no day of today: the bytes stay the same
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            archive.writestr(about, content)
    return packed.getvalue()
