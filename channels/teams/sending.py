"""Sending into a conversation by the Agents SDK, again and again where the channel is busy.

Teams asks to repeat after 412, 429, 502 and 504, with growing pauses and some chance in them:
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from microsoft_agents.activity import Activity
from microsoft_agents.authentication.msal import MsalConnectionManager
from microsoft_agents.hosting.aiohttp import CloudAdapter
from microsoft_agents.hosting.core import (
    AgentAuthConfiguration,
    ClaimsIdentity,
    TurnContext,
)
from microsoft_agents.hosting.core.authorization import AuthTypes

from channels.teams.settings import Identity, TeamsSettings

log = logging.getLogger(__name__)

REPEATED = frozenset((412, 429, 502, 503, 504))
#: Pauses in seconds: the first, doubled each time up to the longest; and how often.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
ATTEMPTS = 25
#: How long one attempt may take.
ONE_ATTEMPT = 20.0

Json = dict[str, Any]


class NotDelivered(Exception):
    """An answer could not be delivered. `status`: 0 where there was no answer or no token.

    `for_good` means that trying later is of no use: the conversation is gone, or refuses.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.for_good = 400 <= status < 500 and status not in (401, *REPEATED)


@dataclass(frozen=True)
class Patience:
    """The clock's part in sending: how to sleep, and where chance comes from."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def pause(self, attempt: int, asked: float) -> float:
        """Return how long to wait after a failed attempt, the first being 0.

        Between half and one and a half of the doubled pause, and never less than was asked for.
        """
        doubled = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)
        return max(asked, doubled * (0.5 + self.chance()))


class Sender:
    """Sends activities into conversations, in the name of the bot."""

    def __init__(self, adapter: CloudAdapter, app_id: str, patience: Patience) -> None:
        # Otherwise the SDK would send the text of an error to the person and swallow it.
        adapter.on_turn_error = None
        self._adapter, self._app_id, self._patience = adapter, app_id, patience

    async def send(self, reference: Mapping[str, Any], activity: Json) -> None:
        """Send an activity and wait until it is delivered; raises NotDelivered."""
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(reference, activity)
            except aiohttp.ClientResponseError as error:
                if error.status not in REPEATED:
                    raise NotDelivered(error.status) from error
                status, asked = error.status, _asked_pause(error)
            except (aiohttp.ClientError, TimeoutError, OSError):
                status, asked = 0, 0.0
            except ValueError as error:  # the SDK got no token for the bot
                log.error("the bot gets no token to answer with; ./lotse doctor says why")
                raise NotDelivered(0) from error
            pause = self._patience.pause(attempt, asked)
            log.info("not delivered (status %s), again in %.1f s", status, pause)
            await self._patience.sleep(pause)
        raise NotDelivered(status)

    async def typing(self, reference: Mapping[str, Any]) -> None:
        """Show that an answer is being written; it does not matter when that fails."""
        try:
            await self._once(reference, {"type": "typing"})
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.info("typing was not shown: %s", type(error).__name__)

    async def _once(self, reference: Mapping[str, Any], activity: Json) -> None:
        async def speak(context: TurnContext) -> None:
            await context.send_activity(Activity.model_validate(activity))

        going_on = Activity.model_validate(
            {"type": "event", "name": "ContinueConversation", **reference}
        )
        async with asyncio.timeout(ONE_ATTEMPT):
            if self._app_id:
                await self._adapter.continue_conversation(self._app_id, going_on, speak)
            else:
                nobody = ClaimsIdentity()
                await self._adapter.continue_conversation_with_claims(nobody, going_on, speak)


def _asked_pause(error: aiohttp.ClientResponseError) -> float:
    told = error.headers.get("Retry-After", "") if error.headers else ""
    return min(float(told), 300.0) if told.isascii() and told.isdigit() else 0.0


def adapter_for(settings: TeamsSettings) -> CloudAdapter:
    """Return the SDK's adapter for a bot with these settings; no token is fetched yet."""
    return CloudAdapter(connection_manager=connections_for(settings))


def connections_for(settings: TeamsSettings) -> MsalConnectionManager:
    """Return how the bot of these settings gets its tokens."""
    managed = settings.identity is Identity.MANAGED_IDENTITY
    configuration = AgentAuthConfiguration(
        auth_type=AuthTypes.user_managed_identity if managed else AuthTypes.client_secret,
        client_id=settings.app_id,
        tenant_id=settings.tenant_id,
        client_secret=settings.secret or None,
        connection_name="SERVICE_CONNECTION",
    )
    return MsalConnectionManager(connections_configurations={"SERVICE_CONNECTION": configuration})
