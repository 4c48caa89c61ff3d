"""The command line of Teams: `./lotse teams package`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from channels.cards import Phrases, say
from channels.services import Installation
from channels.teams.package import App, BadPackage, build
from channels.teams.settings import BadSettings, TeamsSettings, read_settings
from knowledge.store import load


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Set up Microsoft Teams. / Microsoft Teams einrichten."""


@main.command("package")
@click.option("--bot-id", default="", help="The bot's app id; default: app_id of the settings.")
@click.option("--domain", default="", help="Its public host; default: that of the endpoint.")
@click.option("--developer", default="Lizenzlotse", show_default=True, help="Your organisation.")
@click.option("--website", default="", help="Default: https://DOMAIN/, like the next two.")
@click.option("--privacy", default="", help="Your privacy statement.")
@click.option("--terms", default="", help="Your terms of use.")
@click.option("--version", default="1.0.0", show_default=True, help="Raise it with every upload.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("lizenzlotse-teams.zip"),
    show_default=True,
)
def package_command(bot_id: str, domain: str, out: Path, **more: str) -> None:
    """Build the app package that an administrator uploads to Teams.

    Das App-Paket bauen, das in Teams hochgeladen wird.
    """
    phrases = load().phrases
    installation = Installation.from_environment(os.environ)
    try:
        settings = read_settings(installation.home, os.environ) or TeamsSettings()
        host = domain or urlsplit(settings.endpoint).hostname or ""
        app = App((bot_id or settings.app_id).strip().lower(), host.strip().lower(), **more)
        out.write_bytes(build(app, phrases))
    except (BadPackage, BadSettings) as error:
        _end(say(phrases, error.phrase, installation.language, **error.values))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        _end(_sentence("teams_package_unwritable", phrases, installation, out, reason))
    click.echo(_sentence("teams_package_done", phrases, installation, out))


def _sentence(
    phrase: str, phrases: Phrases, installation: Installation, out: Path, reason: str = ""
) -> str:
    return say(phrases, phrase, installation.language, file=out, reason=reason)


def _end(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="./lotse teams")
