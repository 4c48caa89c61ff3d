"""Tokens: who may speak as whom, in which conversation, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

import jwt

from channels.directline.refused import Refused

TOKEN_LIFE = timedelta(minutes=30)
#: How long a conversation can be taken up again by its key, after a night's sleep of a computer.
KEY_LIFE = timedelta(hours=12)
ALGORITHM = "HS256"


@dataclass(frozen=True)
class Pass:
    """What a token lets its bearer do: speak as one user in one conversation."""

    conversation: str
    user: str


class Tokens:
    """Signs and reads tokens, and the keys that take a conversation up again.

    A token travels in the address of a stream, where a proxy may log it, so it lives for minutes.
    A key never stands in an address and is good for one thing: a new token of its conversation.
    """

    def __init__(
        self, secret: str, now: Callable[[], datetime], life: timedelta = TOKEN_LIFE
    ) -> None:
        self._secret = secret
        self._now = now
        self._life = life

    def new(self) -> Pass:
        """Return a pass for a conversation that nobody else knows."""
        return Pass(token_urlsafe(18), f"dl_{token_urlsafe(12)}")

    def sign(self, holder: Pass) -> dict[str, Any]:
        """Return the token of a pass, as Direct Line answers it."""
        return {
            "conversationId": holder.conversation,
            "token": self._signed(holder, self._life),
            "expires_in": int(self._life.total_seconds()),
        }

    def sign_key(self, holder: Pass) -> str:
        """Return the key that takes a conversation up again when its token has expired."""
        return self._signed(holder, KEY_LIFE, aud="resume")

    def read(self, token: str) -> Pass:
        """Return the pass that a token carries; raises Refused."""
        return self._read(token)

    def read_key(self, key: str) -> Pass:
        """Return the pass that a key carries; raises Refused."""
        return self._read(key, audience="resume")

    def _signed(self, holder: Pass, life: timedelta, **more: str) -> str:
        now = self._now()
        claims = {
            "conv": holder.conversation,
            "user": holder.user,  # Web Chat reads this one
            "iat": now,
            "exp": now + life,
        }
        return jwt.encode(claims | more, self._secret, ALGORITHM)

    def _read(self, token: str, audience: str | None = None) -> Pass:
        try:
            claims = jwt.decode(
                token,
                self._secret,
                [ALGORITHM],
                audience=audience,  # None: a token that names one is refused
                # The clock is handed in, so the day is compared below and not by the library.
                options={
                    "require": ["exp", "conv", "user"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise Refused(401, "Unauthorized", "The token is missing or not valid.") from error
        if self._now().timestamp() >= claims["exp"]:
            raise Refused(403, "TokenExpired", "The token has expired.")
        return Pass(claims["conv"], claims["user"])
