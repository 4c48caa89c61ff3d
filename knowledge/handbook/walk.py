"""The walk through a fault as a drawing: a column of checks, and where each answer leads.

`stages` says what there is to draw, `draw` where it stands. Both are pure; the templates only
put the result into SVG. Lengths are pixels at the drawing's own size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from knowledge.handbook.pen import Pen
from knowledge.schema import Fault
from knowledge.store import Knowledge
from knowledge.words import Phase

NEXT = "next check"
#: Sizes of letters, and from one line to the next.
TEXT, SMALL = 14.0, 12.0
LINE, SMALL_LINE = 19.0, 16.0
PAD = 11.0
#: Room for the number or icon at the left of a box.
BADGE = 34.0
#: Between two boxes of a column, between two branches of a check, and from it to their fork.
GAP, BRANCH_GAP, FORK = 34.0, 12.0, 14.0
NARROW_CHARACTERS = "iljtfrI.,:;'|!()[]/ -"
WIDE_CHARACTERS = "mwMW@%&"


@dataclass(frozen=True)
class Target:
    """Where an answer leads. `tone` is the risk of a measure; `href` its place in the handbook."""

    kind: str
    caption: str
    text: str
    href: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Branch:
    """Answers that lead to the same place."""

    labels: tuple[str, ...]
    target: Target


@dataclass(frozen=True)
class Stage:
    """A check of the walk; `onward` are the answers after which the next check comes."""

    target: Target
    number: int
    branches: tuple[Branch, ...]
    onward: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A box with its lines of text: captions small, the others full size."""

    target: Target
    x: float
    y: float
    width: float
    height: float
    caption: tuple[str, ...]
    lines: tuple[str, ...]
    number: int = 0

    @property
    def caption_y(self) -> float:
        """The baseline of the first caption line."""
        return self.y + PAD + SMALL - 1

    @property
    def text_y(self) -> float:
        """The baseline of the first full-size line."""
        return self.y + PAD + len(self.caption) * SMALL_LINE + TEXT - 1

    @property
    def text_x(self) -> float:
        """Where the lines begin."""
        return self.x + BADGE + 4


@dataclass(frozen=True)
class Label:
    """The words on a line."""

    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """A line with corners, its head at the last point."""

    points: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        """The line as SVG writes it."""
        return "M" + " L".join(f"{x:g} {y:g}" for x, y in self.points)

    @property
    def head(self) -> str:
        """The triangle at the end, as SVG writes it; it points down or to the right."""
        (x0, _), (x, y) = self.points[-2:]
        if x0 == x:
            return f"M{x - 5:g} {y - 8:g} L{x + 5:g} {y - 8:g} L{x:g} {y:g}Z"
        return f"M{x - 8:g} {y - 5:g} L{x - 8:g} {y + 5:g} L{x:g} {y:g}Z"


@dataclass(frozen=True)
class Row:
    """A box with what leads to it: drawn, and read, together."""

    arrow: Arrow | None
    label: Label | None
    box: Box


@dataclass(frozen=True)
class Drawing:
    """Everything to draw, in the order in which it is read."""

    shape: str
    width: float
    height: float
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Shape:
    """How wide things are. `beside` puts the targets at the right of their check, else below."""

    name: str
    width: float
    check: float
    label_x: float
    label: float
    target_x: float
    trunk: float
    beside: bool


WIDE = Shape("wide", 780, 290, 322, 178, 520, 22, beside=True)
NARROW = Shape("narrow", 320, 320, 46, 268, 44, 20, beside=False)


# --- what there is to draw ------------------------------------------------------------------


def stages(fault: Fault, knowledge: Knowledge, pen: Pen) -> tuple[Stage, ...]:
    """Return the checks of a fault and where their answers lead, in the pen's language."""
    return tuple(_stage(fault, at, knowledge, pen) for at in range(len(fault.checks)))


def _stage(fault: Fault, at: int, knowledge: Knowledge, pen: Pen) -> Stage:
    use = fault.checks[at]
    check = knowledge.checks[use.use]
    labels = {answer.id: pen.say(answer.label) for answer in check.answers}
    by_end: dict[str, list[str]] = {}
    for outcome in use.answers:
        by_end.setdefault(outcome.then, []).append(labels.get(outcome.when, outcome.when))
    onward = tuple(by_end.pop(NEXT, ()))
    branches = (
        Branch(tuple(names), target(end, fault, knowledge, pen)) for end, names in by_end.items()
    )
    phase = pen.word(f"phase-{check.phase}")
    here = Target("check", phase, pen.say(check.title), f"#check-{check.id}", check.phase)
    return Stage(here, at + 1, tuple(branches), onward)


def target(then: str, fault: Fault, knowledge: Knowledge, pen: Pen) -> Target:
    """Return where an answer leads, in words and as an address on the fault's page."""
    word, _, id_ = then.partition(" ")
    if then == NEXT:
        return Target("next", "", pen.word("leads-next"))
    if word == "measure":
        measure = knowledge.measures[id_]
        caption = f"{pen.word('kind-measures')}: {pen.word(f'risk-{measure.risk}')}"
        return Target("measure", caption, pen.say(measure.title), f"#measure-{id_}", measure.risk)
    if word == "see":
        other = knowledge.faults[id_]
        return Target("fault", pen.word("leads-see"), pen.say(other.title), pen.to("faults", id_))
    if word == "hand":
        return _handover(fault, pen)
    return Target("solved", "", pen.word("leads-resolved"))


def _handover(fault: Fault, pen: Pen) -> Target:
    team = pen.phrase(f"team-{fault.escalation.team}")
    return Target("handover", pen.word("leads-hand-over"), team, "#escalation")


def ends(fault: Fault, pen: Pen) -> tuple[Branch, ...]:
    """Return what comes after the last check: the measures, then the handover."""
    measures = Target("measures", pen.word("then"), pen.word("leads-measures"), "#measures")
    return (
        Branch((), measures),
        Branch((pen.word("nothing-helped"),), _handover(fault, pen)),
    )


# --- where it stands ------------------------------------------------------------------------


def draw(walk: Iterable[Stage], after: Iterable[Branch], shape: Shape) -> Drawing:
    """Return the drawing of a walk in a shape."""
    rows: list[Row] = []
    y, came_from = 1.0, None
    onward: tuple[str, ...] = ()
    for stage in walk:
        drawn = _onto_column(stage.target, y, onward, came_from, shape, stage.number)
        branches = list(_branches(stage.branches, drawn.box, shape))
        floor = max((row.box.y + row.box.height for row in branches), default=0.0)
        if shape.beside:
            height = max(drawn.box.height, floor - drawn.box.y)
            drawn = replace(drawn, box=replace(drawn.box, height=height))
        rows += [drawn, *branches]
        came_from = drawn.box.y + drawn.box.height
        y = max(came_from, floor)
        onward = stage.onward
    for branch in after:
        drawn = _onto_column(branch.target, y, branch.labels or onward, came_from, shape)
        rows.append(drawn)
        y = came_from = drawn.box.y + drawn.box.height
    return Drawing(shape.name, shape.width, y + 1, tuple(rows))


def _onto_column(
    goal: Target,
    y: float,
    labels: tuple[str, ...],
    came_from: float | None,
    shape: Shape,
    number: int = 0,
) -> Row:
    """Return a box of the column below `y`, with the line that leads to it from `came_from`."""
    if came_from is None:
        return Row(None, None, _box(goal, 1, y, shape.check - 2, number))
    words = tuple(wrap(" · ".join(labels), shape.width - shape.trunk - 20, SMALL))
    top = y + max(GAP, 14 + len(words) * SMALL_LINE + 8)
    arrow = Arrow(((shape.trunk, came_from), (shape.trunk, top)))
    label = Label(shape.trunk + 14, y + 14 + SMALL - 1, words) if words else None
    return Row(arrow, label, _box(goal, 1, top, shape.check - 2, number))


def _branches(branches: Iterable[Branch], check: Box, shape: Shape) -> Iterator[Row]:
    """Yield the branches of a check; the first of several gives the height of their fork."""
    y, fork = (check.y if shape.beside else check.y + check.height + BRANCH_GAP), None
    for branch in branches:
        row = (
            _beside(branch, check, y, fork, shape)
            if shape.beside
            else _below(branch, check, y, shape)
        )
        yield row
        fork = fork if fork is not None or not row.arrow else row.arrow.points[0][1]
        y = row.box.y + row.box.height + BRANCH_GAP


def _beside(branch: Branch, check: Box, y: float, fork: float | None, shape: Shape) -> Row:
    """Return a branch to the right of its check, its words above its line."""
    words = tuple(_answer_lines(branch.labels, shape.label))
    box = _box(branch.target, shape.target_x, y, shape.width - shape.target_x - 1)
    middle = y + max(26.0, len(words) * SMALL_LINE + 8)
    box = replace(box, height=max(box.height, middle - y + 14))
    edge, goal = check.x + check.width, (shape.target_x, middle)
    bus = edge + FORK
    start = ((edge, middle),) if fork is None else ((bus, fork), (bus, middle))
    label = Label(shape.label_x, middle - 6 - (len(words) - 1) * SMALL_LINE, words)
    return Row(Arrow((*start, goal)), label, box)


def _below(branch: Branch, check: Box, y: float, shape: Shape) -> Row:
    """Return a branch below its check, its words above its box."""
    words = tuple(_answer_lines(branch.labels, shape.label))
    top = y + len(words) * SMALL_LINE + 4
    box = _box(branch.target, shape.target_x, top, shape.width - shape.target_x - 1)
    middle = box.y + 22
    points = (
        (shape.trunk, check.y + check.height),
        (shape.trunk, middle),
        (shape.target_x, middle),
    )
    return Row(Arrow(points), Label(shape.label_x, y + SMALL - 1, words), box)


def _answer_lines(labels: Iterable[str], width: float) -> Iterator[str]:
    for label in labels:
        yield from wrap(label, width, SMALL)


def _box(goal: Target, x: float, y: float, width: float, number: int = 0) -> Box:
    room = width - BADGE - 4 - PAD
    caption = tuple(wrap(goal.caption, room, SMALL))
    lines = tuple(wrap(goal.text, room, TEXT * 1.12))  # bold letters are wider
    height = 2 * PAD + len(caption) * SMALL_LINE + len(lines) * LINE - 3
    return Box(goal, x, y, width, max(height, 44.0), caption, lines, number)


# --- letters --------------------------------------------------------------------------------


def width_of(text: str, size: float) -> float:
    """Return about how wide a text is, on the safe side of the usual fonts."""
    return sum(map(_share, text)) * size


@cache
def _share(letter: str) -> float:
    if letter in NARROW_CHARACTERS:
        return 0.39
    if letter in WIDE_CHARACTERS:
        return 0.96
    return 0.7 if letter.isupper() or letter.isdigit() or letter == "_" else 0.61


def wrap(text: str, width: float, size: float) -> Iterator[str]:
    """Yield the lines of a text; a word that is too long for a line is broken.

    >>> list(wrap("Der Host steht im DNS", 90, 14))
    ['Der Host', 'steht im', 'DNS']
    """
    line = ""
    for word in _words(text, width, size):
        longer = f"{line} {word}" if line else word
        if line and width_of(longer, size) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _words(text: str, width: float, size: float) -> Iterator[str]:
    for word in text.split():
        while width_of(word, size) > width:
            cut = next(
                n
                for n in range(len(word), 0, -1)
                if n == 1 or width_of(word[:n], size) <= width - size
            )
            yield word[:cut] + "-"
            word = word[cut:]
        yield word


def phases() -> tuple[Phase, ...]:
    """Return the phases in their order."""
    return tuple(Phase)
