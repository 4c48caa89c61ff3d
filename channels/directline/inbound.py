"""What arrives: activities, openings and files, made typed at the door."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import BodyPartReader, hdrs, web
from pydantic import BaseModel, ConfigDict, ValidationError

from channels.directline.refused import Refused

M = TypeVar("M", bound=BaseModel)

#: Bytes of a request, and of one with files.
BODY_LIMIT = 256 * 1024
UPLOAD_LIMIT = 1024 * 1024
#: Files of one message, and parts of a request with files.
FILES = 5
PARTS = 10
ACTIVITY = "application/vnd.microsoft.activity"


class Submit(BaseModel):
    """The data of a card's button, with what was ticked."""

    model_config = ConfigDict(frozen=True, extra="allow")

    choice: str
    step: str = ""


class Posted(BaseModel):
    """An activity that a browser sends. Who sent it stands in the token."""

    model_config = ConfigDict(frozen=True)

    type: str
    text: str | None = None
    value: Any = None
    locale: str | None = None
    attachments: list[Any] | None = None
    channelData: dict[str, Any] | None = None

    def words(self) -> str:
        """Return the text, or the value of a button that sends text."""
        if self.text is None and isinstance(self.value, str):
            return self.value
        return self.text or ""

    def submit(self) -> Submit | None:
        """Return the data of the card's button that was clicked, if this is a click.

        A click that names no choice is one on a card of somebody else's making.
        """
        if self.text or not isinstance(self.value, dict):
            return None
        try:
            return Submit.model_validate(self.value)
        except ValidationError:
            return Submit(choice="")

    def client_id(self) -> str:
        """Return the name that the client gave this activity, by which it knows its echo."""
        return str((self.channelData or {}).get("clientActivityID") or "")[:100]


class Opening(BaseModel):
    """What a browser may say when it opens a conversation."""

    model_config = ConfigDict(frozen=True)

    locale: str | None = None


class Resuming(BaseModel):
    """What takes a conversation up again."""

    model_config = ConfigDict(frozen=True)

    key: str


@dataclass(frozen=True)
class File:
    """A file that a person sends."""

    name: str
    data: bytes


async def body(request: web.Request, model: type[M]) -> M:
    """Return the body of a request; raises Refused."""
    try:
        text = await request.text()
    except (LookupError, ValueError) as error:  # a charset that does not exist, or does not fit
        raise _bad_syntax() from error
    return parsed(text, model)


def parsed(raw: str, model: type[M]) -> M:
    """Return JSON as a model; raises Refused."""
    try:
        return model.model_validate(json.loads(raw) if raw.strip() else {})
    except (ValueError, RecursionError) as error:
        raise _bad_syntax() from error


def _bad_syntax() -> Refused:
    return Refused(400, "BadSyntax", "The body is not what Direct Line 3.0 asks for.")


def locale(text: str | None) -> str:
    """Return a locale as browsers write it; nothing when it is none."""
    known = (text or "")[:35]
    return known if known.replace("-", "").isalnum() else ""


async def uploaded(request: web.Request) -> tuple[Posted, tuple[File, ...]]:
    """Return the activity and the files of a request; raises Refused.

    Direct Line takes a form whose part `activity` is optional, or one file as it is.
    """
    if (request.content_length or 0) > UPLOAD_LIMIT:
        raise too_big(UPLOAD_LIMIT)
    if request.content_type != "multipart/form-data":
        data = await _bytes(request)
        return Posted(type="message"), (File(_file_name(request.headers), data),)
    try:
        return await _form(request)
    except (ValueError, AssertionError, RuntimeError, EOFError) as error:
        raise _bad_syntax() from error


async def _form(request: web.Request) -> tuple[Posted, tuple[File, ...]]:
    posted, files, room = Posted(type="message"), list[File](), UPLOAD_LIMIT
    reader = await request.multipart()
    for _ in range(PARTS):
        part = await reader.next()
        if part is None:
            return posted, tuple(files)
        if not isinstance(part, BodyPartReader):
            raise _bad_syntax()
        data = await _part(part, room)
        room -= len(data)
        kind = part.headers.get(hdrs.CONTENT_TYPE, "").split(";")[0].strip()
        if part.name == "activity" or kind == ACTIVITY:
            posted = parsed(data.decode("utf-8"), Posted)
        else:
            files.append(File(part.filename or "", data))
    raise Refused(400, "BadArgument", f"A form has fewer than {PARTS} parts.")


async def _part(part: BodyPartReader, room: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        data += chunk
        if len(data) > room:
            raise too_big(UPLOAD_LIMIT)
    return bytes(part.decode(data))


async def _bytes(request: web.Request) -> bytes:
    data = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > UPLOAD_LIMIT:
            raise too_big(UPLOAD_LIMIT)
    return bytes(data)


def _file_name(headers: Any) -> str:
    disposition = headers.get(hdrs.CONTENT_DISPOSITION, "")
    return str(disposition.partition("filename=")[2].strip('" '))


def too_big(limit: int) -> Refused:
    """Return the refusal of a body beyond a limit."""
    return Refused(
        413,
        "MessageSizeTooBig",
        f"A body has at most {limit} bytes.",
        phrase="web_too_big",
        limit=limit // 1024,
    )


def watermark(request: web.Request) -> int:
    """Return the number after which activities are asked for; raises Refused."""
    text = request.query.get("watermark", "")
    if text in ("", "undefined", "null"):
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Refused(400, "BadArgument", "The watermark is not a number.")
    return int(text)
