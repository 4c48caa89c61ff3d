"""A text or log file that somebody sent along, read as if its text had been pasted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import PurePosixPath

import aiohttp
from microsoft_agents.hosting.core import OutboundHostValidator

from channels.teams.activity import FileRef

log = logging.getLogger(__name__)

#: Bytes of a file that is read, and files of one message.
LIMIT = 256 * 1024
MOST = 3
KINDS = frozenset((".txt", ".log", ".csv", ".tsv", ".json", ".xml", ".md", ".out"))
PATIENCE = aiohttp.ClientTimeout(total=10)
ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

#: Fetches at most a number of bytes; raises NotRead.
Fetch = Callable[[str, int], Awaitable[bytes]]


class NotRead(Exception):
    """A file that is not read; `phrase` says why, for people."""

    def __init__(self, phrase: str) -> None:
        super().__init__(phrase)
        self.phrase = phrase


async def text_of_files(files: Iterable[FileRef], fetch: Fetch) -> str:
    """Return the text of the files, one after the other; raises NotRead."""
    texts = []
    for number, file in enumerate(files):
        if number >= MOST or PurePosixPath(file.name).suffix.lower() not in KINDS:
            raise NotRead("teams_file_kind")
        texts.append(_text(await fetch(file.url, LIMIT)))
    return "\n".join(texts)


def _text(raw: bytes) -> str:
    """Return the text of a file. PowerShell writes UTF-16, the Command Prompt an old code page."""
    if len(raw) > LIMIT:
        raise NotRead("teams_file_large")
    named = next((name for mark, name in ENCODINGS if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(named)
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


async def fetch_from_microsoft(url: str, limit: int) -> bytes:
    """Return the first bytes of a file on Microsoft's servers, one more than `limit` at most.

    The SDK's validator lets only those hosts through, and no address of an internal network.
    """
    validator = OutboundHostValidator(enabled=True)
    if not validator.is_allowed(url):
        log.warning("a file stands on a host that is not Microsoft's")
        raise NotRead("teams_file_gone")
    try:
        async with (
            validator.client({"timeout": PATIENCE}) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            return await read_some(response, limit)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("a file was not fetched: %s", type(error).__name__)
        raise NotRead("teams_file_gone") from error


async def read_some(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the beginning of an answer, one byte more than `limit` at most."""
    if response.status != 200:
        log.warning("a file was not fetched: status %s", response.status)
        raise NotRead("teams_file_gone")
    raw = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > limit:
            break
    return bytes(raw[: limit + 1])
