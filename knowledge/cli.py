"""The command line of the knowledge: check, show, stats, handbook, export, schema."""

import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from knowledge import content_rules, editor, export, show, store
from knowledge.errors import MalformedKnowledgeError, UnknownIdError
from knowledge.findings import Finding, Messages, read_messages
from knowledge.handbook import build
from knowledge.handbook.pen import Pen
from knowledge.schema import Check, Explanation, Fault, Measure, Model, Question
from knowledge.words import Language, Severity

MODELS: dict[str, type[Model]] = {
    "fault": Fault,
    "check": Check,
    "measure": Measure,
    "question": Question,
    "explanation": Explanation,
}
#: Where the schemas are written; .vscode/settings.json names the files.
SCHEMAS = ".schema"
home_option = click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=store.HOME,
    help="Folder of the knowledge, when it is not the one of this package.",
)
language_option = click.option(
    "--language",
    type=click.Choice([word.value for word in Language]),
    default=Language.DE.value,
    show_default=True,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Check, show, count, print and export the knowledge.

    Das Wissen prüfen, ansehen, zählen, als Handbuch schreiben und weitergeben.
    """


@main.command("check")
@home_option
def check_command(home: Path) -> None:
    """Look for mistakes; each is printed as file:line, what is wrong and how to repair it.

    Fehler im Wissen suchen. Gibt es Fehler, endet der Befehl mit 1.
    """
    messages = read_messages()
    # The day is read here, once, and handed in.
    findings = content_rules.check(store.read(home), date.today(), messages)
    for finding in findings:
        click.echo(str(finding))
    click.echo(_summary(findings, messages))
    sys.exit(1 if _count(findings, Severity.ERROR) else 0)


@main.command("show")
@click.argument("id_", metavar="ID")
@language_option
@home_option
def show_command(id_: str, language: str, home: Path) -> None:
    """Read a fault, check, measure, question, explanation, term or code in the terminal.

    Einen Fehler, eine Prüfung, eine Maßnahme oder einen Code (0xC004F074) lesen.
    """
    messages, chosen = read_messages(), Language(language)
    try:
        pages = show.pages(_load(home), messages, id_, chosen)
    except UnknownIdError as error:
        text = messages.say("nothing-found", chosen, value=error.id)
        if error.close:
            text += " " + messages.say("did-you-mean", chosen, word=error.close[0])
        raise click.ClickException(text) from error
    console = Console()
    for page in pages:
        console.print(page)


@main.command("stats")
@language_option
@home_option
def stats_command(language: str, home: Path) -> None:
    """Count what the knowledge holds.

    Zählen, was im Wissen steht.
    """
    Console().print(show.numbers(_load(home), read_messages(), Language(language), date.today()))


@main.command("handbook")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pages; .lotse/handbook when none is named.",
)
@language_option
@home_option
def handbook_command(out: Path | None, language: str, home: Path) -> None:
    """Write the handbook: pages to read in a browser, from disk as well, German and English.

    Das Handbuch schreiben: Seiten für den Browser, auch ohne Server, Deutsch und Englisch.
    """
    # A knowledge of one's own may lack the words of the pages; they are the same everywhere.
    own = _load(home)
    knowledge = replace(own, phrases={**_load(store.HOME).phrases, **own.phrases})
    pen = Pen(Language(language), knowledge.phrases)
    folder = (out or Path(os.environ.get("LOTSE_HOME") or ".lotse") / "handbook").absolute()
    try:
        build.must_be_ours(folder)  # before the work, not after it
        files = build.render(knowledge)
        start = build.write(files, folder)
    except build.NotOurFolderError as error:
        raise click.ClickException(pen.word("not-ours-folder", folder=error.folder)) from error
    click.echo(pen.word("written", count=len(files), folder=folder))
    click.echo(pen.word("open", address=start.as_uri()))


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
def export_command(file: Path, home: Path) -> None:
    """Write the bot's part of the knowledge to FILE, as JSON.

    Den Teil des Wissens, den der Bot braucht, als JSON schreiben.
    """
    export.write(_load(home), file)
    click.echo(read_messages().say("written", Language.EN, file=str(file)), err=True)


@main.command("schema")
@click.argument("kind", type=click.Choice([*MODELS]), default="fault")
@click.option("--write", is_flag=True, help="Write all of them where VS Code looks for them.")
@home_option
def schema_command(kind: str, write: bool, home: Path) -> None:
    """Print the JSON schema of a fault (or check, measure, question, explanation) for an editor.

    It completes fields, words, and the names that exist. Das JSON-Schema ausgeben, mit dem ein
    Editor Felder, Wörter und vorhandene Namen vorschlägt; mit --write für VS Code ablegen.
    """
    knowledge = _load(home)
    if not write:
        click.echo(editor.text(MODELS[kind], knowledge))
        return
    folder = home / SCHEMAS
    folder.mkdir(exist_ok=True)
    for name, model in MODELS.items():
        (folder / f"{name}.json").write_text(editor.text(model, knowledge) + "\n", "utf-8")
    click.echo(read_messages().say("written", Language.EN, file=str(folder)), err=True)


def _load(home: Path) -> store.Knowledge:
    try:
        return store.load(home)
    except MalformedKnowledgeError as error:
        raise click.ClickException(str(error)) from error


def _count(findings: tuple[Finding, ...], severity: Severity) -> int:
    return sum(finding.severity == severity for finding in findings)


def _summary(findings: tuple[Finding, ...], messages: Messages) -> str:
    de, en = (
        ", ".join(
            _counted(messages, language, name, _count(findings, severity))
            for name, severity in (("errors", Severity.ERROR), ("warnings", Severity.WARNING))
        )
        for language in Language
    )
    return f"{de} ({en})"


def _counted(messages: Messages, language: Language, name: str, count: int) -> str:
    if count == 1:
        return messages.say(f"{name}-one", language)
    return messages.say(f"{name}-many", language, count=str(count))
