"""The text of a message as Teams sends its HTML: lines, blanks and angle brackets as written.

Teams' plain text loses newlines and everything between `<` and `>`; its HTML has both. Nothing is
fetched and nothing is run: tags are read for what they do to the text, all others are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from channels.redaction import Token, tokens

#: Characters of HTML that are read; Teams itself takes about 80 KB.
LIMIT = 120_000
#: Quotes and mentions inside each other that are told apart.
DEEPEST = 20
_BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "div", "dl", "dt", "dd", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "p", "section"),
        *("table", "ul", "ol", "pre", "codeblock", "tr", "li"),
    )
)
_SILENT = frozenset(("script", "style", "head", "title", "template", "attachment"))
_AS_WRITTEN = frozenset(("pre", "codeblock"))
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_REPLY = "schema.skype.com/reply"
_MENTION = "schema.skype.com/mention"
_EMOJI = "schema.skype.com/emoji"
_BOT = "28:"
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")


def text_of(html: str, bot: str = "") -> str:
    """Return the text of a message's HTML, without mentions of the bot named `bot`.

    A quoted message stays, because it may hold the code that the question is about; one that the
    bot itself said goes, because the person did not say it.

    >>> text_of("<p>slmgr /skms &lt;Host&gt;</p><p>0xC004F074<br>seit&nbsp;heute</p>")
    'slmgr /skms <Host>\\n0xC004F074\\nseit heute'
    """
    reader = _Reader(_folded(bot))
    for token in tokens(html[:LIMIT]):
        reader.read(token)
    return reader.text()


def _attributes(source: str) -> Mapping[str, str]:
    found = _ATTRIBUTE.findall(source)
    return {name.lower(): unescape(double or single) for name, double, single in found}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


class _Reader:
    """Collects the text; `_open` holds what stands before an open mention or quote."""

    def __init__(self, bot: str) -> None:
        self._bot = bot
        self._parts: list[str] = []
        self._open: list[_Held] = []
        self._silent = ""
        self._as_written = 0
        self._lists: list[int | None] = []
        self._in_cell = False

    def text(self) -> str:
        """Return what was read."""
        while self._open:
            self._release(self._open[-1])
        lines = "".join(self._parts).replace("\u00a0", " ").split("\n")
        return "\n".join(line.rstrip() for line in lines).strip("\n")

    def read(self, token: Token) -> None:
        """Read one more piece."""
        if self._silent:
            if token.closing and token.tag == self._silent:
                self._silent = ""
        elif token.closing:
            self._end(token.tag)
        elif token.tag in _SILENT:
            self._silent = "" if token.source.endswith("/>") else token.tag
        elif token.tag:
            self._start(token.tag, _attributes(token.source))
        else:
            self._data(token.text)

    def _start(self, tag: str, told: Mapping[str, str]) -> None:
        kind = told.get("itemtype", "").lower()
        if tag == "br":
            self._parts.append("\n")
        elif tag in ("emoji", "img"):
            self._picture(tag, kind, told)
        elif tag in ("td", "th"):
            self._cell()
        elif tag in _BLOCKS:
            self._block(tag)
        self._hold(tag, kind)
        self._quoted(tag, told)

    def _end(self, tag: str) -> None:
        for held in self._open:
            held.depth -= tag == held.tag
        while self._open and self._open[-1].depth <= 0:
            self._release(self._open[-1])
        if tag in _AS_WRITTEN:
            self._as_written = max(0, self._as_written - 1)
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag in ("td", "th", "tr", "table"):
            self._in_cell = False
        if tag in _BLOCKS and not self._in_cell:
            self._new_line()

    def _data(self, data: str) -> None:
        if self._open and self._open[-1].mute:
            return
        if self._as_written:
            self._parts.append(data.replace("\r\n", "\n").replace("\r", "\n"))
        elif (shrunk := _BLANKS.sub(" ", data)) != " " or not self._at_line_start():
            self._parts.append(shrunk.lstrip(" ") if self._at_line_start() else shrunk)

    # --- what tags do -----------------------------------------------------------------------

    def _block(self, tag: str) -> None:
        if self._in_cell and tag in ("p", "div"):
            return  # a cell stays beside its neighbours
        self._new_line()
        if tag in _AS_WRITTEN:
            self._as_written += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._parts.append(self._bullet())

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _cell(self) -> None:
        self._in_cell = True
        if not self._at_line_start():
            self._parts.append("\t")

    def _picture(self, tag: str, kind: str, told: Mapping[str, str]) -> None:
        # The alternative text of other pictures is "image", and nobody wrote it.
        if tag == "emoji" or _EMOJI in kind:
            self._parts.append(told.get("alt", ""))

    # --- mentions and quotes ----------------------------------------------------------------

    def _hold(self, tag: str, kind: str) -> None:
        for held in self._open:
            held.depth += tag == held.tag
        if len(self._open) >= DEEPEST:
            return
        if tag == "at" or _MENTION in kind:
            self._open.append(_Held(tag, self._parts, is_quote=False))
            self._parts = []
        elif tag == "blockquote" and _REPLY in kind:
            self._open.append(_Held(tag, self._parts, is_quote=True))
            self._parts = []

    def _quoted(self, tag: str, told: Mapping[str, str]) -> None:
        """Note who is quoted; name and time of a quote are not what was said."""
        quote = next((held for held in reversed(self._open) if held.is_quote), None)
        if quote is None:
            return
        about = told.get("itemprop", "").lower()
        if about == "mri":
            quote.of_bot = told.get("itemid", "").startswith(_BOT)
        if about in ("mri", "time") and len(self._open) < DEEPEST:
            self._open.append(_Held(tag, self._parts, is_quote=False, mute=True))
            self._parts = []

    def _release(self, held: _Held) -> None:
        inner = "".join(self._parts)
        self._open.pop()
        self._parts = held.before
        if held.mute or held.of_bot or (not held.is_quote and _folded(inner) == self._bot):
            return
        self._parts.append(inner)

    # --- lines ------------------------------------------------------------------------------

    def _at_line_start(self) -> bool:
        last = next((part for part in reversed(self._parts) if part), "\n")
        return last.endswith("\n")

    def _new_line(self) -> None:
        if not self._at_line_start():
            self._parts.append("\n")


class _Held:
    """An open mention or quote, and what was read before it."""

    def __init__(self, tag: str, before: list[str], *, is_quote: bool, mute: bool = False) -> None:
        self.tag, self.before, self.is_quote, self.mute = tag, before, is_quote, mute
        self.of_bot = False
        self.depth = 1
