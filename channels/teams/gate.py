"""Who may speak to the bot: the token of a request, checked before its body is read.

The Agents SDK checks issuer and tenant only on request, takes a token without `exp`, and fails
on one without `kid`; so the claims are checked here, with its constants' meaning: signature,
issuer, audience, time, tenant, service address, and that the key may sign for the channel.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import jwt
from aiohttp import hdrs, web
from yarl import URL

from channels.teams.settings import TeamsSettings

log = logging.getLogger(__name__)

ALGORITHM = "RS256"
#: How far two clocks may be apart, how long keys are good, and how soon they are asked for again.
LEEWAY = timedelta(minutes=5)
KEYS_STAND = timedelta(hours=12)
SOONEST = timedelta(seconds=30)
FETCH = aiohttp.ClientTimeout(total=8)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via")


class Refused(Exception):
    """A request that is not served: an HTTP status and a reason for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Caller:
    """Who proved to be calling. `endorsed`: the channels that its key may sign for, if listed."""

    service_url: str = ""
    tenant: str = ""
    endorsed: frozenset[str] | None = None
    playground: bool = False


@dataclass(frozen=True)
class Key:
    """A key that signs tokens."""

    key: jwt.PyJWK
    endorsed: frozenset[str] | None


class Keys:
    """The keys of one issuer, fetched when first needed and when an unknown one is named."""

    def __init__(
        self, http: aiohttp.ClientSession, metadata: str, now: Callable[[], datetime]
    ) -> None:
        self._http, self._metadata, self._now = http, metadata, now
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, Key] = {}
        self._asked: datetime | None = None

    async def find(self, kid: str) -> Key:
        """Return the key `kid`. Raises Refused: 401 when there is none, 503 when nobody knows."""
        async with self._lock:
            if self._is_due(kid):
                await self._fetch()
        if found := self._keys.get(kid):
            return found
        raise Refused(401, "signed with an unknown key")

    def _is_due(self, kid: str) -> bool:
        if self._asked is None:
            return True
        age = self._now() - self._asked
        return age >= KEYS_STAND or (kid not in self._keys and age >= SOONEST)

    async def _fetch(self) -> None:
        try:
            about = await self._get(self._metadata)
            listed = await self._get(str(about["jwks_uri"]))
            self._keys = dict(map(_key, filter(_is_usable, listed["keys"])))
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            log.warning("the signing keys cannot be fetched: %s", type(error).__name__)
            if not self._keys:
                raise Refused(503, "the signing keys cannot be fetched") from error
        self._asked = self._now()

    async def _get(self, url: str) -> Any:
        async with self._http.get(url, timeout=FETCH) as response:
            response.raise_for_status()
            return await response.json(content_type=None)


def _is_usable(listed: Mapping[str, Any]) -> bool:
    return listed.get("kty") == "RSA" and bool(listed.get("kid"))


def _key(listed: Mapping[str, Any]) -> tuple[str, Key]:
    endorsed = listed.get("endorsements")
    key = jwt.PyJWK(dict(listed), ALGORITHM)
    return str(listed["kid"]), Key(key, frozenset(endorsed) if endorsed else None)


class Gate:
    """Lets in who may speak to the bot of `settings`."""

    def __init__(
        self,
        settings: TeamsSettings,
        http: aiohttp.ClientSession,
        now: Callable[[], datetime],
        host: str,
    ) -> None:
        self._settings, self._now, self._host = settings, now, host
        cloud, tenant = settings.cloud, settings.tenant_id
        entra = Keys(http, f"{cloud.login}/{tenant}/v2.0/.well-known/openid-configuration", now)
        self._issuers = {
            cloud.issuer: Keys(http, cloud.metadata, now),
            # Programs of the organisation's own tenant that were given a role of the bot.
            f"{cloud.login}/{tenant}/v2.0": entra,
            f"{cloud.entra}/{tenant}/": entra,
        }

    async def admit(self, request: web.Request) -> Caller:
        """Return who calls; raises Refused."""
        if self._settings.playground:
            return self._neighbour(request)
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused(401, "no token")
        return await self._read(token.strip())

    def _neighbour(self, request: web.Request) -> Caller:
        """Let in a caller of this machine; nobody from elsewhere, also not through a proxy."""
        if not (is_loopback(self._host) and is_loopback(request.remote or "")):
            raise Refused(403, "the playground is let in from this machine alone")
        if any(name in request.headers for name in FORWARDED):
            raise Refused(403, "the playground is not let in through a proxy")
        return Caller(playground=True)

    async def _read(self, token: str) -> Caller:
        header, claimed = _unverified(token)
        keys = self._issuers.get(str(claimed.get("iss")))
        if keys is None:
            raise Refused(401, "an unknown issuer")
        key = await keys.find(str(header.get("kid")))
        claims = self._verified(token, key)
        tenant = str(claims.get("tid", "")).lower()
        if claims["iss"] != self._settings.cloud.issuer and tenant != self._settings.tenant_id:
            raise Refused(403, "another tenant's token")
        return Caller(str(claims.get("serviceurl", "")), tenant, key.endorsed)

    def _verified(self, token: str, key: Key) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                [ALGORITHM],
                audience=self._settings.app_id,
                options={
                    "require": ["exp", "iss", "aud"],
                    # The clock is handed in, so times are compared below, not by the library.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise Refused(401, type(error).__name__) from error
        now, leeway = self._now().timestamp(), LEEWAY.total_seconds()
        if not (_number(claims, "nbf", now) - leeway <= now < _number(claims, "exp", 0) + leeway):
            raise Refused(401, "expired, or not yet valid")
        return claims


def _number(claims: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = claims.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(401, f"{name} is no time")
    return value


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return header and claims as they are written, to find the key that must have signed them."""
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Refused(401, "no readable token") from error
    if header.get("alg") != ALGORITHM:
        raise Refused(401, "another algorithm")
    return header, claims


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("10.0.0.1")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_service(url: str, caller: Caller, settings: TeamsSettings) -> None:
    """Raise Refused when answers may not go to `url`: they carry the bot's own token."""
    try:
        address = URL(url)
    except ValueError as error:
        raise Refused(400, "no service address") from error
    if caller.playground:
        if not is_loopback(address.host or ""):
            raise Refused(403, "the playground is on this machine")
        return
    if caller.service_url and _host(caller.service_url) != address.host:
        raise Refused(403, "a service address that the token does not name")
    if not (caller.service_url or caller.tenant):
        raise Refused(403, "a token that names no service address")
    if not _is_service(address, settings):
        raise Refused(403, "a service address that is not Microsoft's")


def _host(url: str) -> str | None:
    try:
        return URL(url).host
    except ValueError:
        return None


def _is_service(address: URL, settings: TeamsSettings) -> bool:
    host = (address.host or "").casefold()
    return any(_fits(address, host, allowed.casefold()) for allowed in settings.cloud.services)


def _fits(address: URL, host: str, allowed: str) -> bool:
    # A whole address in the list stands for itself; Microsoft's hosts are spoken to by https.
    if "://" in allowed:
        return str(address.origin()) == allowed
    secure = address.scheme == "https" and not address.user and not address.password
    return secure and (host == allowed or host.endswith(f".{allowed}"))
