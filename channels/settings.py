"""What the web application is told when it starts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from channels.directline.limits import Limits
from channels.directline.tokens import TOKEN_LIFE
from channels.origins import Origins
from channels.teams.settings import TeamsSettings

WEB_ROOT = Path(__file__).parent / "web"
#: A secret that signs tokens, in bytes, at least.
SECRET_BYTES = 32


class BadSecret(ValueError):
    """The secret's file holds none that can sign tokens."""


@dataclass(frozen=True)
class Settings:
    """Where to listen, where Rasa is, what signs the tokens, and who is let in.

    `state` is the folder of what must survive a restart; without one nothing does. `proxies` are
    the addresses of our own reverse proxies, whose word is taken for whom they speak.
    """

    secret: str = field(repr=False)
    rasa_url: str = "http://127.0.0.1:5005"
    host: str = "127.0.0.1"
    port: int = 3978
    web_root: Path = WEB_ROOT
    #: Longer than a turn takes on a busy machine: who is told to send it again, sends it twice.
    timeout_s: float = 10.0
    #: None: Teams is not set up.
    teams: TeamsSettings | None = None
    state: Path | None = None
    origins: Origins = field(default_factory=Origins)
    limits: Limits = field(default_factory=Limits)
    proxies: frozenset[str] = frozenset()
    #: Where people reach the handbook; cards link to it. Empty: they do not.
    handbook: str = ""
    token_life: timedelta = TOKEN_LIFE


def secret_in(path: Path) -> str:
    """Return the secret kept in `path`; a new one is written there when there is none.

    Raises BadSecret when the file holds too little.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # before anything stands in it
        path.write_text(secrets.token_urlsafe(SECRET_BYTES), encoding="ascii")
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < SECRET_BYTES:
        raise BadSecret(f"{path}: fewer than {SECRET_BYTES} characters; remove the file")
    return secret
