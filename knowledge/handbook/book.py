"""What stands where: the relations that the pages show, found once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from knowledge.families import ENTRA, HEX, family_of, number_in
from knowledge.schema import Check, Explanation, Family, Fault, Measure, Source
from knowledge.store import Knowledge
from knowledge.words import Language, Mechanism, Phase, Place, Product, Risk, Shell, Status

#: Products in the order in which the handbook names them.
PRODUCTS = (Product.WINDOWS, Product.M365)
#: How many checks of a phase, commands and serious measures fit on one sheet of paper.
POSTER_CHECKS, POSTER_COMMANDS, POSTER_SERIOUS = 5, 7, 13


@dataclass(frozen=True)
class Code:
    """A code, its symbolic name, the faults that explain it, and its family."""

    code: str
    name: str | None
    faults: tuple[Fault, ...]
    family: str | None

    @property
    def number(self) -> str:
        """The number behind the code."""
        return number_in(self.code)

    @property
    def decimal(self) -> str:
        """The code as a signed decimal number, as some dialogues and logs show it.

        >>> Code("0xC004F074", None, (), None).decimal
        '-1073418124'
        """
        if self.code.startswith(ENTRA):
            return ""
        value = int(self.code.removeprefix(HEX), 16)
        return str(value - (1 << 32) if value >> 31 else value)


@dataclass(frozen=True)
class Message:
    """Words of a message on the screen, and the faults that it points to."""

    text: str
    language: Language
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Poster:
    """What hangs on the wall: the checks used most, what only reads, and what needs consent."""

    checks: Mapping[Phase, tuple[Check, ...]]
    commands: tuple[Check, ...]
    serious: tuple[Measure, ...]


@dataclass(frozen=True)
class Book:
    """The knowledge with its relations."""

    knowledge: Knowledge

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in use, the one to begin with first in each mechanism."""
        used = (f for f in self.knowledge.faults.values() if f.status is not Status.RETIRED)
        return tuple(sorted(used, key=lambda fault: (not fault.usual, fault.id)))

    @cached_property
    def codes(self) -> tuple[Code, ...]:
        """Every code that a fault or the table of codes names."""
        named = {code for fault in self.faults for code in fault.signals.codes}
        return tuple(map(self.code, sorted(named | set(self.knowledge.codes))))

    def code(self, code: str) -> Code:
        """Return what is known of a code."""
        known = self.knowledge.codes.get(code)
        faults = tuple(fault for fault in self.faults if code in fault.signals.codes)
        return Code(code, known.name if known else None, faults, self._family_id(code))

    def _family_id(self, code: str) -> str | None:
        found = family_of(code, self.knowledge.families)
        return next((id_ for id_, one in self.knowledge.families.items() if one is found), None)

    @cached_property
    def by_family(self) -> Mapping[str, tuple[Code, ...]]:
        """The codes of each family; those without one stand under the empty name."""
        found: dict[str, list[Code]] = {}
        for code in self.codes:
            found.setdefault(code.family or "", []).append(code)
        return {id_: tuple(codes) for id_, codes in found.items()}

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Every message text, in the order of the alphabet."""
        found: dict[tuple[Language, str], list[Fault]] = {}
        for fault in self.faults:
            for language, texts in fault.signals.messages.items():
                for text in texts:
                    found.setdefault((language, text), []).append(fault)
        ordered = sorted(found.items(), key=lambda item: item[0][1].casefold())
        return tuple(Message(text, language, tuple(f)) for (language, text), f in ordered)

    @cached_property
    def explanations(self) -> Mapping[str, Explanation]:
        """The explanations by id."""
        return self.knowledge.explanations

    def explained(self, id_: str) -> tuple[Explanation, ...]:
        """Return what explains a fault, a check or a measure."""
        return tuple(one for one in self.explanations.values() if id_ in one.about)

    def faults_of(self, mechanism: Mechanism) -> tuple[Fault, ...]:
        """Return the faults of a mechanism."""
        return tuple(fault for fault in self.faults if fault.mechanism is mechanism)

    def mechanisms_of(self, product: Product) -> tuple[Mechanism, ...]:
        """Return the mechanisms of a product that a fault belongs to."""
        known = self.knowledge.mechanisms.items()
        return tuple(m for m, info in known if info.product is product and self.first(m))

    def first(self, mechanism: Mechanism) -> Fault | None:
        """Return the fault to begin with when only the mechanism is known."""
        faults, info = self.faults_of(mechanism), self.knowledge.mechanisms.get(mechanism)
        named = info.start_with if info else None
        return faults[0] if faults else self.knowledge.faults.get(named or "")

    def first_checks(self, mechanism: Mechanism) -> tuple[Check, ...]:
        """Return the checks of the fault to begin with."""
        fault = self.first(mechanism)
        return tuple(self.knowledge.checks[use.use] for use in fault.checks) if fault else ()

    def with_check(self, id_: str) -> tuple[Fault, ...]:
        """Return the faults that use a check."""
        return tuple(f for f in self.faults if id_ in {use.use for use in f.checks})

    def with_measure(self, id_: str) -> tuple[Fault, ...]:
        """Return the faults that name a measure."""
        return tuple(f for f in self.faults if any(id_ in names for names in f.measures.values()))

    def measures_of(self, fault: Fault) -> tuple[tuple[Measure, tuple[Place, ...]], ...]:
        """Return a fault's measures, the mildest first, each with the places where it works."""
        places: dict[str, list[Place]] = {}
        for place in Place:
            for id_ in fault.measures.get(place, ()):
                places.setdefault(id_, []).append(place)
        found = [(self.knowledge.measures[id_], tuple(where)) for id_, where in places.items()]
        return tuple(sorted(found, key=lambda pair: list(Risk).index(pair[0].risk)))

    def fact_check(self, fault: Fault, fact: str) -> Check | None:
        """Return the check by which a person sees a fact, the fault's own before others."""
        own = [self.knowledge.checks[use.use] for use in fault.checks]
        every = (*own, *self.knowledge.checks.values())
        return next((check for check in every if check.fact == fact), None)

    def sources(self, names: Iterable[str]) -> tuple[Source, ...]:
        """Return the sources of these names."""
        return tuple(self.knowledge.sources[name] for name in names)

    def family(self, id_: str) -> Family:
        """Return a family of codes."""
        return self.knowledge.families[id_]

    @cached_property
    def poster(self) -> Poster:
        """What the poster shows: of everything, what most faults use."""
        checks = sorted(self.knowledge.checks.values(), key=lambda c: -len(self.with_check(c.id)))
        by_phase = {phase: [check for check in checks if check.phase is phase] for phase in Phase}
        known = self.knowledge.measures.values()
        serious = [m for m in known if m.risk in (Risk.LIMITED, Risk.IRREVERSIBLE)]
        serious.sort(key=lambda m: (m.risk is Risk.LIMITED, -len(self.with_measure(m.id))))
        return Poster(
            {phase: tuple(found[:POSTER_CHECKS]) for phase, found in by_phase.items()},
            _with_commands(checks)[:POSTER_COMMANDS],
            tuple(serious[:POSTER_SERIOUS]),
        )


def _with_commands(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the first check for each command that is typed."""
    typed = (Shell.CMD, Shell.POWERSHELL)
    found: dict[str, Check] = {}
    for check in checks:
        if check.command and check.command.shell in typed:
            found.setdefault(check.command.text, check)
    return tuple(found.values())
