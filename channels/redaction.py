"""What a person sends, made safe to read, store and log (DESIGN, section 2).

Secrets go before anything is kept: product keys keep their last five characters (slmgr shows
those too), mail addresses keep their domain (it tells the tenant). Tenant ids, error codes and
installation ids stay; triage needs them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

#: Characters of a message that are read.
LIMIT = 20_000
#: Characters that are looked at; markup and control characters may be most of them.
_SIGHT = 10 * LIMIT
#: A message with a larger share of unprintable characters is a file, not a text.
UNPRINTABLE_SHARE = 0.15
#: Put in place of a secret that leaves nothing behind.
MASK = "***"


class Note(StrEnum):
    """What the person should be told about a cleaned message."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    CUT = "cut"


@dataclass(frozen=True)
class Cleaned:
    """A message that may be stored; `note` says what became of it."""

    text: str
    note: Note | None = None


def clean(raw: str) -> Cleaned:
    """Return `raw` as text without secrets, markup and control characters, at most LIMIT long.

    >>> clean("Passwort: geheim")
    Cleaned(text='Passwort: ***', note=None)
    >>> clean("/start")
    Cleaned(text='> /start', note=None)
    """
    text, unprintable = _printable(raw[:_SIGHT])
    if unprintable > UNPRINTABLE_SHARE:
        return Cleaned("", Note.NOT_TEXT)
    # Redact before cutting: half a key at the edge would no longer look like one.
    text = redact(_without_markup(text)).strip()
    if not text:
        return Cleaned("", Note.EMPTY)
    if len(text) > LIMIT or len(raw) > _SIGHT:
        return Cleaned(_harmless(text[:LIMIT].rstrip()), Note.CUT)
    return Cleaned(_harmless(text))


def redact(text: str) -> str:
    """Return `text` without secrets.

    >>> redact("Mein Key ist BBBBB-CCCCC-DDDDD-FFFFF-GGGGG.")
    'Mein Key ist …-GGGGG.'
    >>> redact("max.muster@contoso.de, Fehler 0xC004F074")
    '***@contoso.de, Fehler 0xC004F074'
    """
    text = _JWT.sub(MASK, text)
    text = _NAMED_SECRET.sub(rf"\g<name>{MASK}", text)
    text = _MAIL.sub(rf"{MASK}@\g<domain>", text)
    text = _PASSWORD.sub(_mask_password, text)
    for key in _KEYS:
        text = key.sub(_mask_key, text)
    text = _BARE_KEY.sub(_mask_bare_key, text)
    return _RECOVERY.sub(_mask_recovery, text)


def _harmless(text: str) -> str:
    # Rasa strips blanks and then takes a leading "/" as an intent payload. A quotation mark
    # as in mails stops that, and every reader copes with it.
    return f"> {text}" if text.startswith("/") else text


# --- characters -----------------------------------------------------------------------------

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LAYOUT = {"\u00a0": " ", "\u202f": " ", "\u2028": "\n", "\u2029": "\n", "\v": "\n", "\f": "\n"}
_TRANSLATION = _FULL_WIDTH | {ord(old): new for old, new in _LAYOUT.items()}


def _printable(raw: str) -> tuple[str, float]:
    """Return the printable text of `raw`, and which share of it was not printable."""
    if len(raw) > 3 and not raw[1::2].strip("\0"):
        raw = raw[::2]  # UTF-16, as PowerShell writes files, read as a narrower encoding
    text = _ANSI.sub("", raw).replace("\r\n", "\n").replace("\r", "\n").translate(_TRANSLATION)
    kept = [char for char in text if char in "\n\t" or not _is_unprintable(char)]
    visible = "".join(char for char in kept if unicodedata.category(char) != "Cf")
    return visible, 1 - len(kept) / len(text) if text else 0.0


def _is_unprintable(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn"}


# --- markup ---------------------------------------------------------------------------------

_BREAKS = {"br", "p", "div", "tr", "li", "ul", "ol", "pre", "table", "h1", "h2", "h3", "h4"}
_INLINE = {
    "a",
    "b",
    "i",
    "u",
    "em",
    "strong",
    "span",
    "font",
    "code",
    "tbody",
    "thead",
    "blockquote",
}
_CELLS = {"td", "th"}
_SILENT = {"script", "style", "head", "title"}
_TAGS = _BREAKS | _INLINE | _CELLS | _SILENT | {"html", "body", "img", "hr", "meta"}
_IS_HTML = re.compile(
    rf"</?(?:{'|'.join(sorted(_TAGS, key=len, reverse=True))})(?:\s[^<>]*)?/?>", re.I
)


_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[a-zA-Z][\w:.-]*+)[^<>]*>|<[!?][^<>]*>")


@dataclass(frozen=True)
class Token:
    """A piece of HTML: text, or a tag with its name in small letters and how it is written."""

    text: str = ""
    tag: str = ""
    closing: bool = False
    source: str = ""


def tokens(html: str) -> Iterator[Token]:
    """Yield the pieces of HTML, comments and declarations left out.

    Python's own parser looks to the end of the text again at every tag, comment or quotation mark
    that is not closed: a message of some thousand of them keeps it busy for minutes. This one
    looks at each character once; a `<` that begins no tag is text.

    >>> [token.text or token.tag for token in tokens("<p>1 < 2 &amp; <!-- no --><b>x</b>")]
    ['p', '1 < 2 & ', 'b', 'x', 'b']
    """
    html = _without_comments(html)
    at = 0
    for match in _TAG.finditer(html):
        if match.start() > at:
            yield Token(unescape(html[at : match.start()]))
        if match["name"]:
            yield Token("", match["name"].lower(), bool(match["closing"]), match[0])
        at = match.end()
    if at < len(html):
        yield Token(unescape(html[at:]))


def _without_comments(html: str) -> str:
    kept, rest = [], html
    while rest:
        before, opened, rest = rest.partition("<!--")
        comment, closed, after = rest.partition("-->")
        kept.append(before if closed else f"{before}{opened}{comment}")
        rest = after
    return "".join(kept)


def _without_markup(text: str) -> str:
    """Return the text of HTML. Tags that are not HTML (an event's XML) stay as they are."""
    if not _IS_HTML.search(text):
        return text
    parts: list[str] = []
    silent = 0
    for token in tokens(text):
        if token.tag in _SILENT and not token.source.endswith("/>"):
            silent = max(0, silent + (-1 if token.closing else 1))
        elif token.tag:
            parts.append(_in_place_of(token))
        elif not silent:
            parts.append(token.text)
    return re.sub(r"\n{3,}", "\n\n", "".join(parts))


def _in_place_of(token: Token) -> str:
    if token.tag in _BREAKS:
        return "" if token.tag == "br" and token.closing else "\n"
    if token.tag in _CELLS:
        return "\t"
    return "" if token.tag in _TAGS else token.source


# --- secrets --------------------------------------------------------------------------------

# Each begins where its run begins and never goes back (`++`): time stays linear in the text.
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{6,}+\.[\w-]{4,}+(?:\.[\w-]*)?")
_NAMED_SECRET = re.compile(
    r"(?P<name>\bbearer\s+|\b(?:(?:access|refresh|id)_token|client[_ ]?secret|api[-_ ]?key)"
    r"[\"']?\s*[:=]\s*[\"']?)[\w.~+/=-]{8,}",
    re.I,
)
_LOCAL = r"[\w.+%'#&$!~-]"
_MAIL = re.compile(rf"(?<!{_LOCAL}){_LOCAL}++@(?P<domain>[^\W_][\w-]*(?:\.[\w-]+)*)")

_PASSWORD = re.compile(
    r"(?P<name>(?:passwor[dt]|passphrase|kennwort|\bpass|\bpwd?|\bpin)"
    r"(?:[ \t]+(?:für|fuer|for|von|of)(?:[ \t]+[^\s:=]+){1,3}?)?"
    r"(?:[\"']?\s*[:=]\s*|[ \t]+(?:is|ist|lautet|heißt|was|war)[ \t]*:?\s+))"
    r"(?:(?P<quote>[\"'„“»`])(?P<quoted>[^\"'“”«`\n]{1,80})[\"'“”«`]|(?P<bare>\S+))",
    re.I,
)
#: What follows "the password is" when no password follows it.
_NO_PASSWORDS = frozenset(
    """
    a aber abgelaufen aktuell already also am an and at auch auf being bekannt blocked changed
    correct da dann das dem den der die different doch ein eine einmal es expired fail failed
    falsch falsche falsches fine for from gar gesperrt gestern geändert gleich gültig heute i
    ich immer in incorrect invalid is ist ja jetzt just kein keine known korrekt leer locked
    neu nicht nie no noch not nur nötig oder of ok okay on out rejected required reset richtig
    same schon seit set so still that the then there they to too unbekannt und ungültig
    unknown user valid vergessen verloren wasn't we weg wieder wir wrong yes you zu
    zurückgesetzt
    """.split()  # noqa: SIM905 - one word a line would hide the list in its quotes
)


def _mask_password(match: re.Match[str]) -> str:
    if match["quoted"]:
        return f"{match['name']}{match['quote']}{MASK}{match['quote']}"
    word = match["bare"].rstrip(".,;:!?)").casefold()
    # "Kennwort: Benutzer:" is an empty field before the next one.
    if not word or word in _NO_PASSWORDS or match["bare"].endswith(":"):
        return match[0]
    return f"{match['name']}{MASK}"


# Between the characters of a key: blanks, dashes of every kind, and what people type instead.
_DASH = "\\-\u00ad\u2010-\u2015\u2212\ufe58\ufe63_"
_BETWEEN = rf"[\s{_DASH}.,:;/|·•*+]"
# A product key has no vowels and no 0, 1, 5, L, S, Z, so a run of 25 is never a sentence.
_SYMBOL = "[BCDFGHJKMNPQRTVWXY2346789]"
_GUID = r"(?<![0-9A-F])[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}(?![0-9A-F])"
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
# Tried one after the other over the whole text, the surest shape first, so that a letter before
# a key ("ist BBBBB-…") is not taken for its beginning.
_KEYS = tuple(
    re.compile(rf"(?P<guid>{_GUID})|{shape}", re.I)
    for shape in (
        # Five groups of five with dashes are a key whatever the letters; it may be mistyped.
        rf"[0-9A-Z]{{5}}(?:\s{{0,3}}[{_DASH}]\s{{0,3}}[0-9A-Z]{{5}}){{4}}",
        rf"{_START}{_SYMBOL}(?:{_BETWEEN}{{0,6}}{_SYMBOL}){{24}}{_END}",
        rf"{_SYMBOL}(?:{_BETWEEN}{{0,6}}{_SYMBOL}){{24,}}",
    )
)
_BARE_KEY = re.compile(rf"{_START}[0-9A-Z]{{25}}{_END}", re.I)


def _mask_key(match: re.Match[str]) -> str:
    if match["guid"]:
        return match[0]
    symbols = re.sub(r"[\W_]", "", match[0])
    return match[0] if symbols.isdigit() else f"…-{symbols[-5:].upper()}"  # digits: an install. id


def _mask_bare_key(match: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, match[0]))
    return f"…-{match[0][-5:].upper()}" if 2 <= digits <= 23 else match[0]  # else a long word


# Runs of groups of six digits. A recovery key has eight groups, an installation id nine.
_RECOVERY = re.compile(rf"(?<!\d)\d{{6}}(?:[\s{_DASH}]{{0,3}}\d{{6}})+(?!\d)")


def _mask_recovery(match: re.Match[str]) -> str:
    return MASK if sum(map(str.isdigit, match[0])) == 48 else match[0]
