"""The handbook under /handbook: rendered once, in a thread, while the server already answers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from knowledge.handbook import build
from knowledge.store import Knowledge

#: Given a browser's Accept-Language, the language of the page.
Chooser = Callable[[str], str]
#: A smaller body is sent as it is.
WORTH_PACKING = 1000


@dataclass(frozen=True)
class Leaf:
    """A file of the handbook, as it is and compressed; `tag` is its fingerprint."""

    plain: bytes
    small: bytes
    kind: str
    tag: str


Shelf = Mapping[str, Leaf]
SHELF: web.AppKey[asyncio.Task[Shelf]] = web.AppKey("handbook")


def routes(choose: Chooser) -> Iterable[web.RouteDef]:
    """Return the handbook's addresses. `choose` picks a language from Accept-Language."""

    async def gate(request: web.Request) -> web.Response:
        """Send the reader on to the handbook in the browser's language."""
        language = choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        headers = {"Location": f"{language}/", "Vary": "Accept-Language"}
        return web.Response(status=302, headers=headers)

    return [
        web.get("/handbook", _to_gate),
        web.get("/handbook/", gate),
        web.get("/handbook/{path:.+}", leaf),
    ]


async def _to_gate(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "handbook/"})


def shelved(knowledge: Knowledge) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what renders the handbook beside the running server."""

    async def shelve(app: web.Application) -> AsyncIterator[None]:
        app[SHELF] = asyncio.create_task(asyncio.to_thread(shelf, knowledge))
        yield
        app[SHELF].cancel()

    return shelve


def shelf(knowledge: Knowledge) -> Shelf:
    """Return every file of the handbook, ready to send."""
    return {path: _leaf(path, body) for path, body in build.render(knowledge).items()}


def _leaf(path: str, body: bytes) -> Leaf:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    small = gzip.compress(body, 5, mtime=0) if len(body) >= WORTH_PACKING else body
    return Leaf(body, small, kind, f'"{hashlib.sha256(body).hexdigest()[:16]}"')


async def leaf(request: web.Request) -> web.Response:
    """Give a file of the handbook; only what was rendered is ever given."""
    path = request.match_info["path"]
    files = await asyncio.shield(request.app[SHELF])
    if f"{path}/index.html" in files:
        return web.Response(status=302, headers={"Location": f"{path.rpartition('/')[2]}/"})
    found = files.get(f"{path}index.html" if path.endswith("/") else path)
    if not found:
        raise web.HTTPNotFound(text="The handbook has no such page.")
    headers = {"Cache-Control": "no-cache", "ETag": found.tag, "Vary": "Accept-Encoding"}
    if request.headers.get(hdrs.IF_NONE_MATCH) == found.tag:
        return web.Response(status=304, headers=headers)
    packed = found.small is not found.plain
    if packed and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        headers["Content-Encoding"] = "gzip"
        return _sent(found.small, found.kind, headers)
    return _sent(found.plain, found.kind, headers)


def _sent(body: bytes, kind: str, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
