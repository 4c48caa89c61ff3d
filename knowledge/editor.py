"""The form of a file as a JSON schema, with which an editor completes what is being written.

Beside the fields and their words it offers the names that exist: checks, measures, sources, …
"""

import json
from typing import Any

from knowledge.schema import Model
from knowledge.store import Knowledge

#: Where a name is written, by model and field: the kinds of things that are named there.
NAMES = {
    ("Fault", "not_to_confuse_with"): "faults",
    ("Fault", "measures"): "measures",
    ("Fault", "sources"): "sources",
    ("CheckUse", "use"): "checks",
    ("Signals", "terms"): "terms",
    ("Escalation", "bring"): "evidence",
    ("Check", "fact"): "facts",
    ("Check", "sources"): "sources",
    ("Measure", "sources"): "sources",
    ("Question", "sources"): "sources",
    ("Explanation", "see_also"): "explanations",
    ("Explanation", "about"): "measures checks faults",
    ("Explanation", "sources"): "sources",
}


def schema(model: type[Model], knowledge: Knowledge) -> dict[str, Any]:
    """Return the JSON schema of a model, with the names that exist in the knowledge."""
    written = model.model_json_schema()
    for name, part in {model.__name__: written, **written.get("$defs", {})}.items():
        for field, form in part.get("properties", {}).items():
            if kinds := NAMES.get((name, field)):
                names = {id_ for kind in kinds.split() for id_ in getattr(knowledge, kind)}
                _string(form)["enum"] = sorted(names)
    return written


def text(model: type[Model], knowledge: Knowledge) -> str:
    """Return the JSON schema of a model as text."""
    return json.dumps(schema(model, knowledge), ensure_ascii=False, indent=2)


def _string(form: dict[str, Any]) -> dict[str, Any]:
    """Return the innermost form: of the items of a list, of the values of a block."""
    for inner in ("items", "additionalProperties"):
        if inner in form:
            return _string(form[inner])
    options = [option for option in form.get("anyOf", ()) if option.get("type") != "null"]
    return _string(options[0]) if options else form
