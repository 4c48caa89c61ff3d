"""The web application: the chat page, Direct Line behind it, the handbook, and /healthz.

`python -m channels.app --host … --port … --rasa …` runs it until SIGTERM.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import html
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import click
from aiohttp import hdrs, web

from channels import directline, handbook
from channels.cards import say
from channels.engine import Engine, Health
from channels.origins import BadOrigin, Origins, origins_in
from channels.settings import Settings, secret_in
from channels.teams import routes as teams
from channels.teams.settings import BadSettings, TeamsSettings, read_settings
from channels.tracker import Tracker
from knowledge.store import Knowledge, load

log = logging.getLogger(__name__)

ENGINE = web.AppKey("engine", Engine)
KNOWLEDGE = web.AppKey("knowledge", Knowledge)
SETTINGS = web.AppKey("settings", Settings)

#: Seconds for which one look at Rasa's health stands for all who ask.
HEALTH_STANDS = 2.0
#: Seconds that open connections have when the server ends.
GOODBYE = 2.0
BUNDLE = Path("node_modules/botframework-webchat/dist/webchat.js")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "lizenzlotse",  # not the versions of what serves
}
#: What a page of ours may do; who may embed it is configuration.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Web Chat writes its styles into the page
        "connect-src 'self' blob:",  # a file is read through its blob
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self' {ancestors}",
    )
)


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def init_app(
    settings: Settings,
    knowledge: Knowledge,
    now: Callable[[], datetime] = _now,
    parts: teams.Parts | None = None,
) -> web.Application:
    """Return the web application; nothing is connected before it starts.

    `parts` are those of Teams that a test plays.
    """
    app = web.Application(
        client_max_size=directline.BODY_LIMIT, middlewares=[_secured, directline.errors]
    )
    app[SETTINGS] = settings
    app[KNOWLEDGE] = knowledge
    app[handbook.SHELF] = handbook.Shelf(knowledge)
    app[directline.GATES] = directline.Gates(settings.origins, settings.limits, settings.proxies)
    app.cleanup_ctx.append(_connected(now))
    app.cleanup_ctx.append(_teams(now, parts or teams.Parts()))
    app.cleanup_ctx.append(_packed)
    app.on_shutdown.append(directline.close_sockets)
    app.add_routes(directline.routes())
    app.add_routes(teams.routes())
    app.add_routes(handbook.routes(lambda accepted: page_language("", accepted)))
    app.add_routes(
        [
            web.get("/", page),
            web.get("/healthz", healthz),
            web.get("/assets/webchat.js", webchat),
            web.get("/widget.js", widget),
            *(web.get(f"/{name}", _file) for name in FILES),
        ]
    )
    return app


def _connected(now: Callable[[], datetime]) -> Callable[[web.Application], AsyncIterator[None]]:
    async def connect(app: web.Application) -> AsyncIterator[None]:
        settings, knowledge = app[SETTINGS], app[KNOWLEDGE]
        async with aiohttp.ClientSession() as http:
            engine = Engine(http, settings.rasa_url, knowledge, settings.timeout_s, now)
            line = _line(settings, engine, knowledge, now)
            app[ENGINE], app[directline.LINE] = engine, line
            app[CHECKUP] = Checkup(engine)
            line.take_up()
            yield
            await line.close()

    return connect


def _teams(
    now: Callable[[], datetime], parts: teams.Parts
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def connect(app: web.Application) -> AsyncIterator[None]:
        settings, phrases = app[SETTINGS], app[KNOWLEDGE].phrases
        app[teams.TEAMS] = None
        if settings.teams is None:
            log.info("%s", say(phrases, "teams_not_set_up", "en"))
            yield
            return
        async with (
            aiohttp.ClientSession() as http,
            teams.connected(
                settings.teams,
                app[ENGINE],
                phrases,
                http,
                now,
                host=settings.host,
                state=settings.state or Path(".lotse/state"),
                parts=parts,
                handbook=settings.handbook,
            ) as connected,
        ):
            app[teams.TEAMS] = connected
            yield

    return connect


def _line(
    settings: Settings, engine: Engine, knowledge: Knowledge, now: Callable[[], datetime]
) -> directline.Line:
    tokens = directline.Tokens(settings.secret, now, settings.token_life)
    state = settings.state
    store = directline.Store(state / "web.sqlite" if state else None)
    tracker = Tracker(state / "tracker.sqlite" if state else None)
    return directline.Line(
        engine, knowledge.phrases, tokens, now, store, tracker, settings.handbook
    )


@web.middleware
async def _secured(request: web.Request, handler: directline.Handler) -> web.StreamResponse:
    """Put the security headers on every answer."""
    ancestors = " ".join(request.app[SETTINGS].origins.allowed)
    headers = HEADERS | {"Content-Security-Policy": POLICY.format(ancestors=ancestors)}
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(headers)
        raise
    if not response.prepared:  # a WebSocket has answered long ago
        response.headers.update(headers)
    return response


# --- health ---------------------------------------------------------------------------------


class Checkup:
    """Looks at Rasa, once for all who ask within a moment: /healthz is open to everybody."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._seen: Health | None = None
        self._until = 0.0

    async def health(self) -> Health:
        """Return how Rasa is."""
        clock = asyncio.get_running_loop().time
        async with self._lock:
            if self._seen is None or clock() >= self._until:
                self._seen = await self._engine.healthy()
                self._until = clock() + HEALTH_STANDS
            return self._seen


CHECKUP = web.AppKey("checkup", Checkup)


async def healthz(request: web.Request) -> web.Response:
    """Say whether the assistant can answer: 200, or 503 with what is missing."""
    health = await request.app[CHECKUP].health()
    headers = {"Cache-Control": "no-store"}
    if health.ok:
        return web.json_response({"status": "ok"}, headers=headers)
    missing = {"status": health.condition.value, "message": health.sentence}
    return web.json_response(missing, status=503, headers=headers)


# --- the page -------------------------------------------------------------------------------

FILES = ("chat.js", "copy.js", "style.css", "favicon.svg")
#: How the names of the launcher's words begin.
LAUNCHER = "web_widget_"
_GAP = re.compile(r"\{\{(\w+)\}\}")


async def page(request: web.Request) -> web.Response:
    """Give the chat page in the person's language."""
    language = page_language(
        request.query.get("lang", ""), request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
    )
    template = (request.app[SETTINGS].web_root / "index.html").read_text(encoding="utf-8")
    bundle = request.app[PACKED]
    theme = request.query.get("theme", "")
    theme = theme if theme in ("light", "dark") else ""
    words = {
        "language": language,
        "bundle": bundle.version if bundle else "",
        "theme": theme,
        "scheme": theme or "light dark",
        "embedded": " data-embedded" if "embed" in request.query else "",
    }
    phrases = request.app[KNOWLEDGE].phrases

    def fill(gap: re.Match[str]) -> str:
        name = gap[1]
        word = words[name] if name in words else say(phrases, f"web_{name}", language)
        return html.escape(word)

    return web.Response(
        text=_GAP.sub(fill, template),
        content_type="text/html",
        headers={
            "Cache-Control": "no-cache",
            "Vary": "Accept-Language",
            "Content-Language": language,
        },
    )


def page_language(asked: str, accepted: str) -> str:
    """Return the language of the page: the one asked for, else the browser's, else German.

    >>> page_language("en", ""), page_language("", "en-GB,de;q=0.5"), page_language("", "fr")
    ('en', 'en', 'de')
    """
    browser = [entry.split(";")[0].strip()[:2].lower() for entry in accepted.split(",")]
    return next((one for one in (asked.lower(), *browser) if one in ("de", "en")), "de")


async def widget(request: web.Request) -> web.Response:
    """Give the launcher for other pages, with its words in both languages."""
    template = (request.app[SETTINGS].web_root / "widget.js").read_text(encoding="utf-8")
    phrases = request.app[KNOWLEDGE].phrases
    names = [name for name in phrases if name.startswith(LAUNCHER)]
    words = {
        language: {name.removeprefix(LAUNCHER): say(phrases, name, language) for name in names}
        for language in ("de", "en")
    }
    script = template.replace("{{words}}", json.dumps(words, ensure_ascii=False))
    tag = f'"{hashlib.sha256(script.encode()).hexdigest()[:16]}"'
    headers = {
        "Cache-Control": "public, max-age=300",
        "ETag": tag,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Timing-Allow-Origin": "*",  # a page may measure what it costs
    }
    if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
        return web.Response(status=304, headers=headers)
    response = web.Response(
        text=script, content_type="text/javascript", charset="utf-8", headers=headers
    )
    response.enable_compression()
    return response


async def _file(request: web.Request) -> web.StreamResponse:
    path = request.app[SETTINGS].web_root / request.path.lstrip("/")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


# --- Web Chat -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Packed:
    """Web Chat's bundle, as it is and compressed; `version` is its fingerprint."""

    plain: bytes
    small: bytes
    version: str


PACKED: web.AppKey[Packed | None] = web.AppKey("packed")


async def _packed(app: web.Application) -> AsyncIterator[None]:
    """Compress the bundle once: 3.9 MB become less than one."""
    app[PACKED] = await asyncio.to_thread(_pack, app[SETTINGS].web_root / BUNDLE)
    yield


def _pack(path: Path) -> Packed | None:
    try:
        plain = path.read_bytes()
    except FileNotFoundError:
        log.warning("Web Chat is missing: run npm ci in %s", path.parents[3])
        return None
    return Packed(plain, gzip.compress(plain, 6), hashlib.sha256(plain).hexdigest()[:16])


async def webchat(request: web.Request) -> web.Response:
    """Give Web Chat's bundle, unmodified."""
    bundle = request.app[PACKED]
    if not bundle:
        raise web.HTTPNotFound(text="Web Chat is not installed.")
    tag = f'"{bundle.version}"'
    headers = {"Cache-Control": "public, max-age=31536000", "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
        return web.Response(status=304, headers=headers)
    zipped = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = bundle.small if zipped else bundle.plain
    return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)


# --- the command ----------------------------------------------------------------------------


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3978, show_default=True)
@click.option(
    "--rasa-url", "--rasa", "rasa_url", default="http://127.0.0.1:5005", show_default=True
)
@click.option("--secret-file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--origins", envvar="LOTSE_ORIGINS", default="", help="Pages that embed the chat.")
@click.option(
    "--handbook",
    "handbook_at",
    envvar="LOTSE_HANDBOOK",
    default="",
    help="Address of the handbook; cards link to it.",
)
@click.option("--proxies", envvar="LOTSE_PROXIES", default="", help="Addresses of our proxies.")
def main(
    host: str,
    port: int,
    rasa_url: str,
    secret_file: Path | None,
    origins: str,
    handbook_at: str,
    proxies: str,
) -> None:
    """Serve the chat page and Direct Line until SIGTERM.

    The secret that signs tokens is made in SECRET_FILE (default: state/web-secret in the folder
    LOTSE_HOME, else in .lotse) when it is not there.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    home = Path(os.environ.get("LOTSE_HOME") or ".lotse")
    secret = secret_in(secret_file or home / "state" / "web-secret")
    knowledge = load()
    settings = Settings(
        secret=secret,
        rasa_url=rasa_url,
        host=host,
        port=port,
        teams=_teams_settings(home, knowledge),
        state=home / "state",
        origins=_origins(origins),
        handbook=handbook_at,
        proxies=frozenset(proxies.replace(",", " ").split()),
    )
    app = init_app(settings, knowledge)
    app.on_startup.append(handbook.warm)
    # No access log: the address of a stream carries its token.
    web.run_app(
        app,
        host=host,
        port=port,
        access_log=None,
        shutdown_timeout=GOODBYE,
        print=None,
    )


def _teams_settings(home: Path, knowledge: Knowledge) -> TeamsSettings | None:
    """Return the settings for Teams. Wrong ones end nothing: the web chat works without Teams."""
    logging.getLogger("microsoft_agents").setLevel(logging.WARNING)  # its notes name conversations
    try:
        return read_settings(home, os.environ)
    except BadSettings as error:
        log.error("%s", say(knowledge.phrases, error.phrase, "en", **error.values))
        return None


def _origins(text: str) -> Origins:
    try:
        return origins_in(text)
    except BadOrigin as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
