"""Renders the handbook: knowledge in, files out.

`render` is pure: it returns every file by its path. `write` puts them into a folder.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge.handbook import search, walk
from knowledge.handbook.book import PRODUCTS, Book
from knowledge.handbook.pen import Pen, breakable
from knowledge.schema import Fault
from knowledge.store import Knowledge
from knowledge.words import Language, Phase, Place, Risk

HERE = Path(__file__).parent
#: Left in the folder, so that only a folder of ours is ever emptied.
MARK = ".lotse-handbook"
Files = Mapping[str, bytes]


class NotOurFolderError(Exception):
    """The folder holds something else. `folder` is where."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


@dataclass(frozen=True)
class Page:
    """A page to render: where it stands in the folder of its language, and what it shows."""

    path: str
    template: str
    title: str
    section: str
    values: Mapping[str, Any]


def render(knowledge: Knowledge) -> Files:
    """Return every file of the handbook by its path."""
    book, environment = Book(knowledge), _environment()
    files = {f"static/{path.name}": path.read_bytes() for path in sorted(_static())}
    stamp = hashlib.sha256(b"".join(files.values())).hexdigest()[:8]
    for language in Language:
        pen = Pen(language, knowledge.phrases)
        for page in pages(book, pen):
            files[f"{language}/{page.path}"] = _rendered(page, book, pen, environment, stamp)
        files[f"{language}/search-index.js"] = search.script(book, pen).encode()
    pens = [Pen(language, knowledge.phrases, f"{language}/") for language in Language]
    files["index.html"] = environment.get_template("gate.html.j2").render(pens=pens).encode()
    return files


def write(files: Files, folder: Path) -> Path:
    """Write the files into a folder, replacing an earlier handbook; return its first page.

    Raises NotOurFolderError when the folder holds anything that is not a handbook.
    """
    must_be_ours(folder)
    for path in old_files(folder) - set(files):
        (folder / path).unlink()
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / MARK).write_text("\n".join(sorted(files)) + "\n", encoding="utf-8")
    return folder / "index.html"


def must_be_ours(folder: Path) -> None:
    """Raise NotOurFolderError when the folder holds anything that is not a handbook."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotOurFolderError(folder)


def old_files(folder: Path) -> set[str]:
    """Return what an earlier run wrote into the folder and is still there."""
    mark = folder / MARK
    if not mark.exists():
        return set()
    listed = mark.read_text(encoding="utf-8").splitlines()
    within = folder.resolve()
    return {
        path
        for path in listed
        if (folder / path).is_file() and (folder / path).resolve().is_relative_to(within)
    }


def _static() -> Iterator[Path]:
    return (HERE / "static").iterdir()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.globals |= {
        "phases": tuple(Phase),
        "places": tuple(Place),
        "risks": tuple(Risk),
        "products": PRODUCTS,
    }
    return environment


def _rendered(page: Page, book: Book, pen: Pen, environment: Environment, stamp: str) -> bytes:
    up = "../" * page.path.count("/")
    near = replace(pen, up=up)
    text = environment.get_template(page.template).render(
        page=page,
        book=book,
        kb=book.knowledge,
        pen=near,
        stamp=stamp,
        other=next(language for language in Language if language is not pen.language),
        **page.values,
    )
    return text.encode()


# --- the pages ------------------------------------------------------------------------------


def pages(book: Book, pen: Pen) -> Iterator[Page]:
    """Yield every page of one language."""
    yield Page("index.html", "start.html.j2", pen.word("title"), "start", {})
    for id_ in ("mechanisms", "messages", "explanations", "sources", "poster"):
        yield Page(f"{id_}.html", f"{id_}.html.j2", pen.word(f"{id_}-title"), id_, {})
    for id_ in ("faults", "checks", "measures", "codes", "families"):
        title = pen.word(f"{id_}-title")
        yield Page(f"{id_}/index.html", f"{id_}.html.j2", title, id_, {})
    for fault in book.knowledge.faults.values():
        yield _fault(fault, book, replace(pen, up="../"))
    for check in book.knowledge.checks.values():
        values = {"check": check}
        path = f"checks/{check.id}.html"
        yield Page(path, "check.html.j2", pen.say(check.title), "checks", values)
    for measure in book.knowledge.measures.values():
        values_ = {"measure": measure}
        path = f"measures/{measure.id}.html"
        yield Page(path, "measure.html.j2", pen.say(measure.title), "measures", values_)
    for id_, family in book.knowledge.families.items():
        shown = {"id": id_, "family": family, "codes": book.by_family.get(id_, ())}
        title = pen.say(family.title)
        yield Page(f"families/{id_}.html", "family.html.j2", title, "codes", shown)


def _fault(fault: Fault, book: Book, pen: Pen) -> Page:
    stages = walk.stages(fault, book.knowledge, pen)
    after = walk.ends(fault, pen)
    values = {
        "fault": fault,
        "drawings": [walk.draw(stages, after, shape) for shape in (walk.WIDE, walk.NARROW)],
        "leads": {
            use.use: [
                (o.when, walk.target(o.then, fault, book.knowledge, pen)) for o in use.answers
            ]
            for use in fault.checks
        },
    }
    title = pen.say(fault.title)
    return Page(f"faults/{fault.id}.html", "fault.html.j2", title, "faults", values)
