"""The handbook under /handbook: rendered once, in a thread, while the server already answers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from aiohttp import hdrs, web

from knowledge.handbook import build
from knowledge.store import Knowledge

#: Given a browser's Accept-Language, the language of the page.
Chooser = Callable[[str], str]
#: A smaller body is sent as it is.
WORTH_PACKING = 1000
ANY = "application/octet-stream"


@dataclass(frozen=True)
class Leaf:
    """A file of the handbook; it is compressed when somebody asks for it."""

    plain: bytes
    kind: str

    @cached_property
    def small(self) -> bytes:
        """The file compressed, or as it is where that is not worth it."""
        if len(self.plain) < WORTH_PACKING:
            return self.plain
        return gzip.compress(self.plain, 5, mtime=0)

    @cached_property
    def tag(self) -> str:
        """The fingerprint by which a browser asks whether its copy is still good."""
        return f'"{hashlib.sha256(self.plain).hexdigest()[:16]}"'


class Shelf:
    """The handbook of a running server: rendered once, in a thread, when it is first wanted."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._task: asyncio.Task[Mapping[str, Leaf]] | None = None

    async def leaves(self) -> Mapping[str, Leaf]:
        """Return every file by its path; who asks early waits until they are rendered."""
        return await asyncio.shield(self.begin())

    def begin(self) -> asyncio.Task[Mapping[str, Leaf]]:
        """Begin to render, unless that has begun."""
        if self._task is None:
            self._task = asyncio.create_task(asyncio.to_thread(_leaves, self._knowledge))
        return self._task


SHELF = web.AppKey("handbook", Shelf)


async def warm(app: web.Application) -> None:
    """Begin to render at the start of a server, beside everything else."""
    app[SHELF].begin()


def _leaves(knowledge: Knowledge) -> Mapping[str, Leaf]:
    files = build.render(knowledge)
    return {path: Leaf(body, mimetypes.guess_type(path)[0] or ANY) for path, body in files.items()}


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


async def leaf(request: web.Request) -> web.Response:
    """Give a file of the handbook; only what was rendered is ever given."""
    path = request.match_info["path"]
    files = await request.app[SHELF].leaves()
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
