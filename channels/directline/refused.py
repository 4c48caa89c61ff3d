"""A request that is not served."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not served: an HTTP status, a code and a sentence for a developer.

    `phrase` names the sentence for a person, where one is meant to read it; `values` fill it.
    `retry_after` is how many seconds to wait before trying again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        phrase: str = "",
        retry_after: float = 0.0,
        **values: object,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.phrase, self.values = phrase, values
        self.retry_after = retry_after
