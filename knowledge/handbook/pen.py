"""What a page writes with: words, sentences, days and addresses, in one language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from knowledge.schema import Text
from knowledge.words import Language

#: Signs at which a long name may be broken.
_BREAKS = re.compile(r"(?<=[\w)])(?=[_\\/.:-])|(?<=[_\\/])(?=\w)")


@dataclass(frozen=True)
class Pen:
    """Writes for one page. `up` leads from the page to the folder of its language."""

    language: Language
    phrases: Mapping[str, Text]
    up: str = ""

    def word(self, id_: str, **values: object) -> str:
        """Return a phrase of the handbook."""
        return self.phrase(f"handbook-{id_}", **values)

    def phrase(self, id_: str, **values: object) -> str:
        """Return any phrase, its placeholders filled."""
        return self.say(self.phrases[id_]).format(**values)

    def say(self, text: Text) -> str:
        """Return a sentence as it stands."""
        return text.de if self.language is Language.DE else text.en

    def md(self, text: Text) -> Markup:
        """Return a sentence as HTML; its Markdown counts, HTML inside it is shown as text."""
        return marked(self.say(text))

    def to(self, kind: str, id_: str = "index") -> str:
        """Return the address of a page, as seen from this one."""
        return f"{self.up}{kind}/{id_}.html"

    def code(self, code: str) -> str:
        """Return the address of a code in the index of codes."""
        return f"{self.to('codes')}#{code}"

    def day(self, iso: str) -> str:
        """Return an ISO day as people write it."""
        year, month, number = iso[:10].split("-")
        return (". " if self.language is Language.DE else "/").strip().join((number, month, year))


@cache
def marked(text: str) -> Markup:
    """Return a sentence of Markdown as HTML; what looks like HTML stays text.

    >>> marked("`slmgr /ato` und **Konto**, <b>")
    Markup('<code>slmgr /ato</code> und <strong>Konto</strong>, &lt;b&gt;')
    """
    return Markup(_markdown().renderInline(text).replace("\n", "<br>\n"))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable(["image", "autolink", "html_inline"])


def breakable(name: str) -> Markup:
    """Return a long name or address with the places where a line may end.

    >>> breakable("SL_E_VL")
    Markup('SL_<wbr>E_<wbr>VL')
    """
    return Markup("<wbr>").join(_BREAKS.split(name)) if "_" in name else Markup.escape(name)
