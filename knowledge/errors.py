"""The errors of the knowledge: one small tree, each carrying its subject."""

from collections.abc import Sequence

from knowledge.findings import Finding


class KnowledgeError(Exception):
    """Something about the knowledge does not work. `findings` say what, where there are any."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class MalformedKnowledgeError(KnowledgeError):
    """Files that do not have the form of the schema; every one of them is named."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings), findings)


class UnknownIdError(KnowledgeError):
    """Nothing in the knowledge has this id; `close` are ids that look like it."""

    def __init__(self, id_: str, close: Sequence[str]) -> None:
        super().__init__(id_)
        self.id = id_
        self.close = tuple(close)
