"""The handbook: everything is in it, in both languages, and every link leads somewhere."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from click.testing import CliRunner

from knowledge import store
from knowledge.cli import main
from knowledge.handbook import build, search, walk
from knowledge.handbook.book import Book
from knowledge.handbook.pen import Pen
from knowledge.schema import Text
from knowledge.store import Knowledge
from knowledge.words import Language, Need, Phase, Place, Product, Risk, Shell, Status, Team

KNOWLEDGE = store.load()
BOOK = Book(KNOWLEDGE)
LANGUAGES = tuple(Language)
#: Elements that are never closed.
VOID = {"meta", "link", "img", "input", "br", "wbr", "path", "rect", "circle"}
HEADINGS = ("h1", "h2", "h3", "h4")
EVIL = Text(de="<script>alert(1)</script> & so", en='<img src=x onerror="alert(1)">')


@dataclass
class Seen(HTMLParser):
    """What a page holds, as a browser would take it."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        self.links += [named[name] for name in ("href", "src") if name in named]
        self.ids += [named["id"]] if "id" in named else []
        if tag not in VOID:
            self.open_.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open_.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open_ or self.open_.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @cached_property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    def of(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def seen(page: str, files: build.Files) -> Seen:
    parser = Seen()
    parser.feed(files[page].decode())
    parser.close()
    return parser


@cache
def rendered() -> build.Files:
    return build.render(KNOWLEDGE)


@cache
def read(page: str) -> Seen:
    return seen(page, rendered())


def pages() -> list[str]:
    return sorted(path for path in rendered() if path.endswith(".html"))


def said(page: str, text: str) -> bool:
    """Tell whether a sentence of Markdown can be read on a page."""
    return " ".join(re.sub(r"[`*]", "", text).split()) in read(page).words


def pen(language: Language) -> Pen:
    return Pen(language, KNOWLEDGE.phrases)


# --- everything is there --------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id_", KNOWLEDGE.faults)
def test_a_fault_has_a_page_that_says_all_of_it(id_: str, language: Language) -> None:
    fault, page, p = KNOWLEDGE.faults[id_], f"{language}/faults/{id_}.html", pen(language)
    sentences = [fault.title, fault.meaning, fault.offline_limit, *fault.causes, *fault.warnings]
    sentences += fault.escalation.when
    sentences += [KNOWLEDGE.evidence[item] for item in fault.escalation.bring]
    for use in fault.checks:
        check = KNOWLEDGE.checks[use.use]
        sentences += [check.title, check.why, check.body, check.read]
        sentences += [check.alternative] if check.alternative else []
        sentences += [answer.label for answer in check.answers]
    for measure, _ in BOOK.measures_of(fault):
        sentences += [measure.title, measure.body]
        sentences += [t for t in (measure.warning, measure.before, measure.undo) if t]
    missing = [p.say(text) for text in sentences if not said(page, p.say(text))]
    assert missing == []
    words = read(page).words
    facts = [*fault.signals.codes, f"knowledge/faults/{id_}.yaml", p.day(fault.reviewed_on)]
    facts += [text for texts in fault.signals.messages.values() for text in texts]
    facts += [source.title for source in BOOK.sources(fault.sources)]
    facts += [p.word(f"risk-{measure.risk}") for measure, _ in BOOK.measures_of(fault)]
    assert [fact for fact in facts if fact not in words] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["checks", "measures"])
def test_every_check_and_measure_has_a_page_with_its_command(kind: str, language: Language) -> None:
    things = getattr(KNOWLEDGE, kind)
    assert things
    for id_, thing in things.items():
        page = f"{language}/{kind}/{id_}.html"
        assert said(page, pen(language).say(thing.title))
        assert said(page, pen(language).say(thing.body))
        assert not thing.command or said(page, thing.command.text), page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_of_codes_says_of_each_its_faults_or_its_family(language: Language) -> None:
    html, p = rendered()[f"{language}/codes/index.html"].decode(), pen(language)
    rows = dict(re.findall(r'<tr id="(\w+)">(.*?)</tr>', html, re.S))
    assert set(rows) == {code.code for code in BOOK.codes} >= set(KNOWLEDGE.codes)
    for code in BOOK.codes:
        for fault in code.faults:
            assert f"faults/{fault.id}.html" in rows[code.code]
        if not code.faults:
            assert p.word("only-family", family="").split(":")[0] in rows[code.code]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_stands_in_the_index_with_its_faults(language: Language) -> None:
    page = f"{language}/messages.html"
    assert BOOK.messages
    for message in BOOK.messages:
        assert message.text in read(page).words
        assert all(f"faults/{fault.id}.html" in read(page).links for fault in message.faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mechanisms_questions_explanations_families_and_sources_are_there(
    language: Language,
) -> None:
    p = pen(language)
    for product in (Product.WINDOWS, Product.M365):
        for mechanism in BOOK.mechanisms_of(product):
            info = KNOWLEDGE.mechanisms[mechanism]
            for text in filter(None, (info, info.anchor, info.trigger)):
                assert said(f"{language}/mechanisms.html", p.say(text))
    for question in KNOWLEDGE.questions.values():
        assert said(f"{language}/index.html", p.say(question.title))
    for explanation in BOOK.explanations.values():
        assert said(f"{language}/explanations.html", p.say(explanation.text))
    for id_, family in KNOWLEDGE.families.items():
        assert said(f"{language}/families/{id_}.html", p.say(family.title))
    for source in KNOWLEDGE.sources.values():
        assert source.title in read(f"{language}/sources.html").words


def test_every_word_of_a_closed_list_has_its_phrase() -> None:
    lists = {"phase": Phase, "place": Place, "risk": Risk, "need": Need, "shell": Shell}
    wanted = [f"handbook-{name}-{word}" for name, words in lists.items() for word in words]
    wanted += [f"handbook-kind-{kind}" for kind in search.KINDS]
    wanted += [f"team-{team}" for team in Team]
    wanted += [f"handbook-{status}" for status in Status]
    assert [word for word in wanted if word not in KNOWLEDGE.phrases] == []


def test_every_phrase_of_the_handbook_is_used() -> None:
    folder = Path(build.__file__).parent
    sources = [
        *folder.glob("*.py"),
        *folder.glob("templates/*.j2"),
        Path(store.__file__).parent / "cli.py",
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    stems = re.compile(
        r"^(phase|place|risk|need|shell|kind|product|read|poster|leads|messages|search)-"
    )
    ours = [
        id_.removeprefix("handbook-") for id_ in KNOWLEDGE.phrases if id_.startswith("handbook-")
    ]
    plain = [id_ for id_ in ours if not stems.match(id_) and not id_.endswith(("-title", "-lead"))]
    words = {status.value for status in Status}
    unused = [id_ for id_ in plain if f'"{id_}"' not in code and id_ not in words]
    assert unused == []


# --- pages that a browser likes -------------------------------------------------------------


def test_every_page_is_well_formed_and_says_its_language() -> None:
    for page in pages():
        it = read(page)
        assert (it.wrong, it.open_) == ([], []), page
        assert len(it.ids) == len(set(it.ids)), page
        assert rendered()[page].startswith(b"<!doctype html>"), page
        language = page.split("/")[0] if "/" in page else "de"
        assert it.of("html")[0]["lang"] == language, page


def test_every_page_has_one_title_and_leaves_out_no_level_of_headings() -> None:
    for page in pages():
        levels = [int(tag[1]) for tag, _ in read(page).tags if tag in HEADINGS]
        assert levels.count(1) == 1, page
        assert all(below <= above + 1 for above, below in pairwise(levels)), page


def test_every_link_of_every_page_leads_somewhere() -> None:
    broken = {
        (page, link)
        for page in pages()
        for link in read(page).links
        if not leads_somewhere(page, link)
    }
    assert broken == set()


def leads_somewhere(page: str, link: str) -> bool:
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    target = normpath(join(dirname(page), path.partition("?")[0])) if path else page
    return target in rendered() and (not anchor or anchor in read(target).ids)


def test_the_link_check_sees_a_broken_link() -> None:
    assert leads_somewhere("de/index.html", "faults/kms-host-unreachable.html#walk")
    assert not leads_somewhere("de/index.html", "faults/kms-host-unreachable.html#nothing")
    assert not leads_somewhere("de/index.html", "faults/nothing.html")
    assert not leads_somewhere("de/index.html", "http://example.org/")


def test_no_page_runs_inline_script_or_loads_anything_from_elsewhere() -> None:
    for page in pages():
        it = read(page)
        assert all(attributes.get("src") for attributes in it.of("script")), page
        assert it.of("style", "iframe", "object", "base") == [], page
        named = {name for _, attributes in it.tags for name in attributes}
        assert [name for name in named if name.startswith("on") or name == "style"] == [], page
        loaded = it.of("script", "img") + it.of("link")
        addresses = [a.get("src") or a.get("href", "") for a in loaded]
        assert [address for address in addresses if ":" in address] == [], page


def test_style_and_scripts_load_nothing_from_elsewhere() -> None:
    elsewhere = re.compile(rb"https?://|@import|url\(|fetch\(|innerHTML|eval\(")
    ours = [path for path in rendered() if re.fullmatch(r"static/\w+\.(css|js)", path)]
    assert len(ours) == 3
    assert [path for path in ours if elsewhere.search(rendered()[path])] == []


def test_fields_pictures_and_tables_have_names() -> None:
    for page in pages():
        it = read(page)
        labelled = {attributes.get("for") for attributes in it.of("label")}
        assert [a for a in it.of("input") if a.get("id") not in labelled] == [], page
        assert [a for a in it.of("img") if "alt" not in a] == [], page
        assert [a for a in it.of("th") if "scope" not in a] == [], page
        names = ("aria-labelledby", "aria-controls")
        pointed = [a[name] for _, a in it.tags for name in names if name in a]
        assert [id_ for id_ in pointed if id_ not in it.ids] == [], page


@cache
def changed() -> build.Files:
    """Return a handbook with a fault that looks like HTML, a draft, and a retired fault."""
    faults = dict(KNOWLEDGE.faults)
    odd = faults["kms-host-unreachable"]
    signals = odd.signals.model_copy(update={"messages": {Language.DE: (EVIL.de,)}})
    texts = {"title": EVIL, "meaning": EVIL, "signals": signals}
    faults[odd.id] = odd.model_copy(update=texts)
    for id_, status in (("mak-proxy-blocked", Status.DRAFT), ("sca-plan-missing", Status.RETIRED)):
        faults[id_] = faults[id_].model_copy(update={"status": status})
    return build.render(replace(KNOWLEDGE, faults=faults))


def test_what_looks_like_html_in_the_knowledge_is_shown_as_text() -> None:
    showing = [path for path, content in changed().items() if b"alert(1)" in content]
    assert len(showing) > 10
    for page in (path for path in showing if path.endswith(".html")):
        it = seen(page, changed())
        assert it.wrong == []
        assert all(attributes.get("src") for attributes in it.of("script"))
        assert not any("onerror" in attributes for _, attributes in it.tags)
    assert EVIL.de in seen("de/faults/kms-host-unreachable.html", changed()).words
    assert EVIL.en in seen("en/faults/kms-host-unreachable.html", changed()).words


@pytest.mark.parametrize(
    ("id_", "status", "listed"),
    [("mak-proxy-blocked", Status.DRAFT, True), ("sca-plan-missing", Status.RETIRED, False)],
)
def test_a_draft_says_so_and_a_retired_fault_leaves_the_indexes(
    id_: str, status: Status, listed: bool
) -> None:
    page = seen(f"en/faults/{id_}.html", changed())
    assert pen(Language.EN).word(status) in page.words
    assert (f"{id_}.html" in seen("en/faults/index.html", changed()).links) == listed


# --- the walk -------------------------------------------------------------------------------


def drawings(id_: str, language: Language) -> Iterator[walk.Drawing]:
    fault, p = KNOWLEDGE.faults[id_], pen(language)
    for shape in (walk.WIDE, walk.NARROW):
        yield walk.draw(walk.stages(fault, KNOWLEDGE, p), walk.ends(fault, p), shape)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id_", KNOWLEDGE.faults)
def test_a_drawing_shows_every_check_and_every_way(id_: str, language: Language) -> None:
    fault, p = KNOWLEDGE.faults[id_], pen(language)
    for drawing in drawings(id_, language):
        boxes = [row.box for row in drawing.rows]
        assert [box.number for box in boxes if box.number] == [*range(1, len(fault.checks) + 1)]
        goals = {box.target.href for box in boxes}
        for use in fault.checks:
            for outcome in use.answers:
                goal = walk.target(outcome.then, fault, KNOWLEDGE, p)
                assert goal.kind in ("next", "solved") or goal.href in goals
        words = " ".join(line for row in drawing.rows if row.label for line in row.label.lines)
        for use in fault.checks:
            for answer in KNOWLEDGE.checks[use.use].answers:
                assert without_breaks(p.say(answer.label)) in without_breaks(words)


def without_breaks(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


@pytest.mark.parametrize("id_", KNOWLEDGE.faults)
def test_nothing_in_a_drawing_overlaps_or_sticks_out(id_: str) -> None:
    for language in LANGUAGES:
        for drawing in drawings(id_, language):
            boxes = [row.box for row in drawing.rows]
            for box in boxes:
                assert box.x >= 0
                assert box.x + box.width <= drawing.width
                assert box.y + box.height <= drawing.height
                room = box.x + box.width - box.text_x
                assert all(walk.width_of(line, walk.TEXT) <= room for line in box.lines)
                assert box.text_y + (len(box.lines) - 1) * walk.LINE < box.y + box.height
            for at, one in enumerate(boxes):
                assert not any(overlap(one, other) for other in boxes[at + 1 :])


def overlap(one: walk.Box, other: walk.Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    below = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not beside and not below


def test_a_word_longer_than_a_line_is_broken() -> None:
    lines = list(walk.wrap("Aktivierungsproblembehandlungsassistent", 120, 14))
    assert len(lines) > 1
    assert "".join(line.rstrip("-") for line in lines) == "Aktivierungsproblembehandlungsassistent"
    assert all(walk.width_of(line, 14) <= 120 for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id_", KNOWLEDGE.faults)
def test_the_same_walk_stands_as_text(id_: str, language: Language) -> None:
    page, p = f"{language}/faults/{id_}.html", pen(language)
    html = rendered()[page].decode()
    tables = re.findall(r'<table class="answers">(.*?)</table>', html, re.S)
    fault = KNOWLEDGE.faults[id_]
    assert len(tables) == len(fault.checks)
    for table, use in zip(tables, fault.checks, strict=True):
        assert table.count("<tr>") == len(use.answers) + 1
        for outcome in use.answers:
            goal = walk.target(outcome.then, fault, KNOWLEDGE, replace(p, up="../"))
            assert not goal.href or f'href="{goal.href}"' in table


# --- the index of the search ----------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_has_a_place_can_be_found(language: Language) -> None:
    script = rendered()[f"{language}/search-index.js"].decode()
    index = json.loads(script.removeprefix("window.lotseIndex = ").rstrip().removesuffix(";"))
    found = {entry["u"] for entry in index["entries"]}
    assert all(leads_somewhere(f"{language}/index.html", address) for address in found)
    for kind in ("faults", "checks", "measures", "families"):
        assert {f"{kind}/{id_}.html" for id_ in getattr(KNOWLEDGE, kind)} <= found
    assert {f"codes/index.html#{code.code}" for code in BOOK.codes} <= found
    assert {entry["k"] for entry in index["entries"]} <= set(index["words"])
    assert len(script) < 600_000


# --- the folder and the command -------------------------------------------------------------


def test_the_command_writes_the_same_pages_every_time_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "book"
    result = CliRunner().invoke(main, ["handbook", "--out", str(out)])
    assert result.exit_code == 0
    assert (out / "index.html").as_uri() in result.output
    for path, content in rendered().items():
        assert (out / path).read_bytes() == content


def test_without_a_folder_it_goes_to_the_home_of_the_installation(
    tmp_path: Path, minimal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTSE_HOME", str(tmp_path / "its home"))
    result = CliRunner().invoke(main, ["handbook", "--home", str(minimal), "--language", "en"])
    assert "Open it in a browser: file:///" in result.output
    assert (tmp_path / "its home" / "handbook" / "de" / "faults" / "kms-quiet.html").exists()


def test_a_second_run_leaves_no_page_of_a_fault_that_is_gone(tmp_path: Path) -> None:
    build.write({"index.html": b"1", "de/faults/gone.html": b"2"}, tmp_path / "book")
    build.write({"index.html": b"3"}, tmp_path / "book")
    assert not (tmp_path / "book/de/faults/gone.html").exists()
    assert (tmp_path / "book/index.html").read_bytes() == b"3"


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    result = CliRunner().invoke(main, ["handbook", "--out", str(tmp_path), "--language", "en"])
    assert result.exit_code == 1
    assert "holds something else already" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_list_that_was_tampered_with_deletes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    build.write({"index.html": b"1"}, tmp_path / "book")
    (tmp_path / "book" / build.MARK).write_text(f"../mine.txt\n{tmp_path}/mine.txt\n")
    build.write({"index.html": b"1"}, tmp_path / "book")
    assert (tmp_path / "mine.txt").exists()


def test_the_minimal_knowledge_makes_a_handbook_too(minimal: Path) -> None:
    knowledge: Knowledge = store.load(minimal)
    phrases = {**KNOWLEDGE.phrases, **knowledge.phrases}
    assert "de/faults/kms-quiet.html" in build.render(replace(knowledge, phrases=phrases))
