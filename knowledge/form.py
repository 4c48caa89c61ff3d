"""Say what is wrong with the form of a file: pydantic's errors as problems with a line."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from knowledge.documents import Document, Way
from knowledge.findings import Problem
from knowledge.schema import Model

#: pydantic's words for what is wrong, and ours.
MESSAGES = {
    "missing": "missing-field",
    "extra_forbidden": "unknown-field",
    "enum": "unknown-word",
    "string_pattern_mismatch": "pattern",
    "string_type": "not-text",
    "string_too_short": "too-few",
    "too_short": "too-few",
    "tuple_type": "not-a-list",
    "model_type": "not-a-block",
    "model_attributes_type": "not-a-block",
    "dict_type": "not-a-block",
    "bool_type": "not-true-or-false",
    "bool_parsing": "not-true-or-false",
    "float_type": "not-a-number",
    "float_parsing": "not-a-number",
    "int_type": "not-a-number",
    "int_parsing": "not-a-number",
    "int_from_float": "not-a-number",
}
#: The words a `then` may consist of; they are what a repair is looked for in.
THEN = ("next check", "hand over", "resolved", "measure ID", "see FAULT")
QUOTED = re.compile(r"'([^']*)'")


def form_problems(
    error: ValidationError, model: type[Model], document: Document, way: Way
) -> Iterator[Problem]:
    """Yield each error of the thing at `way` of the document as a problem."""
    details = error.errors(include_url=False)
    for detail in details:
        if not _follows_from_another(detail, details):
            yield _problem(detail, model, document, way)


def _follows_from_another(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Return whether a list is only too short because one of its items is wrong."""
    loc = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(loc)] == loc and len(other["loc"]) > len(loc) for other in details
    )


def _problem(detail: ErrorDetails, model: type[Model], document: Document, way: Way) -> Problem:
    loc = tuple(step for step in detail["loc"] if step != "[key]")
    is_key = len(loc) < len(detail["loc"])
    at = document.spot(*way, *loc)
    names = [str(step) for step in loc if isinstance(step, str)]
    if is_key:
        names = names[:-1]
    field = names[-1] if names else (str(way[-1]) if way else document.file)
    values = {"field": field, "value": _shown(detail["input"])}
    message = MESSAGES.get(detail["type"], "form")
    if message == "unknown-field" and " " in field:
        return Problem(at, "split-text", {"value": field})
    if message == "unknown-field":
        return Problem(at, message, {"value": field}, _fields(model, loc[:-1]))
    if message == "unknown-word":
        words = QUOTED.findall(str(detail.get("ctx", {}).get("expected", "")))
        return Problem(at, message, values, tuple(words))
    if message == "pattern":
        return Problem(at, f"pattern-{field}", values, THEN if field == "then" else ())
    if message == "form":
        values["reason"] = detail["msg"]
    return Problem(at, message, values)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _fields(model: type[Model], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the fields that the model has at `loc`, for the repair of a mistyped one."""
    kind: Any = model
    for step in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(step)].annotation
        else:
            kind = get_args(kind)[-1 if isinstance(step, str) else 0]
        kind = _without_none(kind)
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return tuple(kind.model_fields) if is_model else ()


def _without_none(kind: Any) -> Any:
    """Return X for `X | None`."""
    arguments = get_args(kind)
    if type(None) not in arguments:
        return kind
    return next(argument for argument in arguments if argument is not type(None))
