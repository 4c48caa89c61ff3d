"""Microsoft's side of Teams on loopback: who signs tokens, and the service that takes answers.

Real HTTP and real signatures; what it plays are only the addresses. `Microsoft.token` signs what
a test wants signed, `Microsoft.statuses` scripts how the service answers.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from microsoft_agents.hosting.aiohttp import CloudAdapter
from microsoft_agents.hosting.core import AgentAuthConfiguration

from channels.teams.settings import Cloud, TeamsSettings

APP = "11111111-2222-3333-4444-555555555555"
TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
OTHER_TENANT = "aaaaaaaa-bbbb-cccc-dddd-ffffffffffff"
BOT_TOKEN = "the-bots-own-token"
BOT = {"id": f"28:{APP}", "name": "Lizenzlotse"}
PERSON = {
    "id": "29:person",
    "name": "Kim Muster",
    "aadObjectId": "00000000-0000-0000-0000-000000000001",
}

_KEYS: dict[str, rsa.RSAPrivateKey] = {}


def key(kid: str) -> rsa.RSAPrivateKey:
    """Return the private key of a name; made once, it takes a while."""
    if kid not in _KEYS:
        _KEYS[kid] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _KEYS[kid]


def _jwk(kid: str, endorsements: list[str] | None) -> dict[str, Any]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(kid).public_key()))
    return public | {"kid": kid} | ({"endorsements": endorsements} if endorsements else {})


@dataclass
class Microsoft:
    """The issuers' metadata and keys, and the connector service."""

    now: Any
    url: str = ""
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    key_requests: int = 0
    broken: bool = False
    hold: asyncio.Event | None = None
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def app(self) -> web.Application:
        """Return it as an application."""
        app = web.Application()
        app.router.add_get("/bot/metadata", self._metadata)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/svc/v3/conversations/{conversation}/activities", self._take)
        app.router.add_post("/svc/v3/conversations/{conversation}/activities/{id}", self._take)
        return app

    @property
    def cloud(self) -> Cloud:
        """Return where this Microsoft is."""
        root = self.url.rstrip("/")
        return Cloud(
            issuer="https://issuer.example",
            metadata=f"{root}/bot/metadata",
            login=root,
            entra=f"{root}/sts",
            services=(root,),
        )

    @property
    def service(self) -> str:
        """Return the service address that activities name."""
        return f"{self.url.rstrip('/')}/svc/"

    def settings(self, **more: Any) -> TeamsSettings:
        """Return the settings of the bot as this Microsoft knows it."""
        told = {"app_id": APP, "tenant_id": TENANT, "secret": "hidden", "cloud": self.cloud}
        return TeamsSettings(**(told | more))

    def token(self, kid: str = "good", algorithm: str = "RS256", **claims: Any) -> str:
        """Return a signed token; a claim that is None is left out."""
        now = self.now()
        told = {
            "iss": self.cloud.issuer,
            "aud": APP,
            "serviceurl": self.service,
            "nbf": int((now - timedelta(minutes=1)).timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
        } | claims
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, key(kid), algorithm, headers={"kid": kid})

    async def wait_for(self, wanted: int, kind: str = "message") -> list[dict[str, Any]]:
        """Wait until that many activities of a kind were sent, and return them."""
        async with asyncio.timeout(10), self.arrived:
            await self.arrived.wait_for(lambda: len(self.of_kind(kind)) >= wanted)
        return self.of_kind(kind)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the activities of a kind that were sent."""
        return [one for one in self.sent if one["type"] == kind]

    async def _metadata(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=500)
        return web.json_response({"jwks_uri": f"{self.url.rstrip('/')}/keys"})

    async def _keys(self, request: web.Request) -> web.Response:
        self.key_requests += 1
        listed = [_jwk("good", ["msteams"]), _jwk("entra", None), {"kty": "EC", "kid": "odd"}]
        return web.json_response({"keys": listed})

    async def _take(self, request: web.Request) -> web.Response:
        if self.hold:
            await self.hold.wait()
        activity = await request.json()
        status = self.statuses.pop(0) if self.statuses and activity["type"] != "typing" else 200
        self.times.append(asyncio.get_running_loop().time())
        if status >= 300:
            return web.json_response({}, status=status, headers=self.headers)
        async with self.arrived:
            self.tokens.append(request.headers.get("Authorization", ""))
            self.sent.append(activity | {"path": request.match_info["conversation"]})
            self.arrived.notify_all()
        return web.json_response({"id": str(len(self.sent))})


class OneToken:
    """Connections that always have the bot's token."""

    configuration = AgentAuthConfiguration(client_id=APP, tenant_id=TENANT)

    async def get_access_token(self, *_: Any, **__: Any) -> str:
        return BOT_TOKEN

    def get_token_provider(self, *_: Any) -> OneToken:
        return self


def adapter() -> CloudAdapter:
    """Return the SDK's adapter with a token that Entra was not asked for."""
    return CloudAdapter(connection_manager=OneToken())  # type: ignore[arg-type]


_NUMBERS = count(1)


def activity(service: str, type_: str = "message", **more: Any) -> dict[str, Any]:
    """Return an activity as Teams sends it from a conversation with the bot alone."""
    return {
        "type": type_,
        "id": f"1700000000{next(_NUMBERS):03}",
        "timestamp": datetime(2026, 11, 22, 9, 30).isoformat() + "Z",
        "channelId": "msteams",
        "serviceUrl": service,
        "from": PERSON,
        "recipient": BOT,
        "conversation": {"id": "a:one", "conversationType": "personal", "tenantId": TENANT},
        "locale": "de-DE",
        "entities": [{"type": "clientInfo", "locale": "de-DE", "country": "DE", "platform": "Web"}],
        "channelData": {"tenant": {"id": TENANT}},
    } | more


def in_channel(
    service: str, text: str, thread: str = "1700000000000", **more: Any
) -> dict[str, Any]:
    """Return a message in a team's channel that mentions the bot."""
    conversation = {
        "id": f"19:general@thread.tacv2;messageid={thread}",
        "conversationType": "channel",
        "isGroup": True,
        "tenantId": TENANT,
    }
    mention = {"type": "mention", "mentioned": BOT, "text": "<at>Lizenzlotse</at>"}
    words = {"text": text, "conversation": conversation, "entities": [mention]}
    return activity(service, **(words | more))


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token that says it needs no signature."""
    parts = ({"alg": "none", "kid": "good"}, claims)
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return ".".join(one.decode() for one in coded) + "."
