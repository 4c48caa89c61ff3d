"""An activity as the channel sends it, read at the door into what a person did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from channels.teams.html import text_of

FILE = "application/vnd.microsoft.teams.file.download.info"
HTML = "text/html"
CARD_ACTION = "adaptiveCard/action"
_AT = re.compile(r"</?at\b[^<>]*>", re.I)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class Account(_Part):
    """A person or a bot."""

    id: str = ""
    name: str | None = None


class Talk(_Part):
    """The conversation; in a channel its id names the thread."""

    id: str = Field(min_length=1, max_length=1000)
    conversationType: str | None = None
    tenantId: str | None = None
    isGroup: bool | None = None


class Attached(_Part):
    """A file, a picture, or the message again as HTML."""

    contentType: str = ""
    content: Any = None
    contentUrl: str | None = None
    name: str | None = None


class Entity(_Part):
    """Something in the text: a mention, or what is known of the client."""

    type: str = ""
    mentioned: Account | None = None
    text: str | None = None
    locale: str | None = None


class Tenant(_Part):
    """Whose people are speaking."""

    id: str = ""


class ChannelData(_Part):
    """What Teams adds."""

    tenant: Tenant | None = None
    eventType: str | None = None


class Activity(_Part):
    """What arrives at /api/messages."""

    type: str = Field(min_length=1)
    id: str | None = None
    channelId: str = ""
    serviceUrl: str = ""
    sender: Account = Field(default=Account(), alias="from")
    recipient: Account = Account()
    conversation: Talk
    text: str | None = None
    value: Any = None
    name: str | None = None
    action: str | None = None
    locale: str | None = None
    attachments: list[Attached] | None = None
    entities: list[Entity] | None = None
    membersAdded: list[Account] | None = None
    membersRemoved: list[Account] | None = None
    channelData: ChannelData | None = None

    @property
    def is_personal(self) -> bool:
        """Whether this is a conversation with the bot alone."""
        kind = self.conversation.conversationType
        return kind == "personal" or (kind is None and not self.conversation.isGroup)

    @property
    def tenant(self) -> str:
        """The tenant of the people in the conversation, as far as it is told."""
        told = self.channelData and self.channelData.tenant
        return ((told and told.id) or self.conversation.tenantId or "").lower()

    @property
    def spoken_locale(self) -> str:
        """The locale of the person's client."""
        client = (one.locale for one in self.entities or () if one.type == "clientInfo")
        told = self.locale or next(filter(None, client), None) or ""
        return told if len(told) <= 35 and told.replace("-", "").isalnum() else ""


class Deed(StrEnum):
    """What a person did."""

    SAY = "say"
    CHOOSE = "choose"
    ARRIVE = "arrive"
    LEAVE = "leave"
    NOTHING = "nothing"


class Submit(_Part):
    """The data of a card's button, with what was ticked."""

    model_config = ConfigDict(frozen=True, extra="allow")

    choice: str
    step: str = ""


@dataclass(frozen=True)
class FileRef:
    """A file that was sent: its name, and where it can be fetched for a while."""

    name: str
    url: str


def deed_of(activity: Activity) -> Deed:
    """Return what a person did, as far as it matters to the assistant.

    An edited message is a new statement: who corrects a code wants the corrected one answered.
    Reactions, deletions, typing and whatever else there is or will be are taken without a word.
    """
    kind = activity.type
    if kind == "message" or (kind == "messageUpdate" and _is_edit(activity)):
        return _of_message(activity)
    if kind == "invoke":
        return Deed.CHOOSE if activity.name == CARD_ACTION else Deed.NOTHING
    if kind == "installationUpdate":
        return Deed.LEAVE if (activity.action or "").startswith("remove") else Deed.ARRIVE
    if kind == "conversationUpdate":
        return _of_members(activity)
    return Deed.NOTHING


def _is_edit(activity: Activity) -> bool:
    data = activity.channelData
    return bool(data and data.eventType == "editMessage")


def _of_message(activity: Activity) -> Deed:
    if not activity.text and activity.value is not None and not isinstance(activity.value, str):
        return Deed.CHOOSE
    # With extended permissions a bot hears a channel's every word; it answers who speaks to it.
    spoken_to = activity.is_personal or any(_mentions(activity))
    return Deed.SAY if spoken_to else Deed.NOTHING


def _of_members(activity: Activity) -> Deed:
    bot = activity.recipient.id
    if any(one.id == bot for one in activity.membersRemoved or ()):
        return Deed.LEAVE
    added = activity.membersAdded or ()
    if any(one.id == bot for one in added) or (added and activity.is_personal):
        return Deed.ARRIVE
    return Deed.NOTHING


def submit_of(activity: Activity) -> Submit:
    """Return which button was clicked. One that names no choice is of somebody else's making."""
    value = activity.value
    if activity.type == "invoke":
        action = value.get("action") if isinstance(value, dict) else None
        value = action.get("data") if isinstance(action, dict) else None
    try:
        return Submit.model_validate(value)
    except ValidationError:
        return Submit(choice="")


def words_of(activity: Activity) -> str:
    """Return what a person wrote, lines and angle brackets as written, the bot's mention gone."""
    names = list(_names_of_bot(activity))
    for html in _html(activity):
        if text := text_of(html, names[0] if names else activity.recipient.name or ""):
            return text.strip()
    text = activity.text if activity.text is not None else activity.value
    text = text if isinstance(text, str) else ""
    for mention in _mentions(activity):
        text = text.replace(mention, " ")
    return _AT.sub("", text).strip()


def _html(activity: Activity) -> Iterator[str]:
    for one in activity.attachments or ():
        if one.contentType == HTML and isinstance(one.content, str):
            yield one.content


def _mentions(activity: Activity) -> Iterator[str]:
    """Yield the bot's mentions as they stand in the text."""
    for one in activity.entities or ():
        if one.type == "mention" and one.mentioned and one.mentioned.id == activity.recipient.id:
            yield one.text or f"<at>{one.mentioned.name or ''}</at>"


def _names_of_bot(activity: Activity) -> Iterator[str]:
    return (_AT.sub("", mention).strip() for mention in _mentions(activity))


def files_of(activity: Activity) -> tuple[FileRef, ...]:
    """Return the files that were sent along."""
    files = (one for one in activity.attachments or () if one.contentType == FILE)
    return tuple(
        FileRef((one.name or "")[:200], str(one.content["downloadUrl"]))
        for one in files
        if isinstance(one.content, dict) and one.content.get("downloadUrl")
    )


def has_picture(activity: Activity) -> bool:
    """Return whether there is something that cannot be read as text: a picture, mostly."""
    kinds = (one.contentType for one in activity.attachments or ())
    return any(kind.startswith(("image/", "video/", "audio/")) for kind in kinds)
