"""Keys and host names that are answered, and the headers on every answer."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from goemotions.server.errors import send_error
from goemotions.server.headers import header
from goemotions.server.probes import OPEN
from goemotions.server.settings import Settings, is_loopback, option

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
]

CHALLENGES = (
    ("WWW-Authenticate", 'Bearer realm="goemotions"'),
    ("WWW-Authenticate", 'Basic realm="goemotions: any name, the key as password", charset="UTF-8"'),
)
"""Basic is for browsers: they ask their user, and then send it with each request of the page. A header each, for
Chromium reads only the first challenge of one."""


class SecurityHeaders:
    """Put :data:`HEADERS` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class Gate:
    """Let a request in that has the key or, where none is set, that names the server by a name it goes by.

    The latter keeps web pages out that made their own name point to this machine.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._key = settings.key.encode() if settings.key is not None else None
        self._names = {settings.host.lower(), *(name.lower() for name in settings.allow_hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        if self._key is not None:
            if not hmac.compare_digest(given_key(header(scope, b"authorization")), self._key):
                await send_error(send, 401, "the key is missing or wrong: Authorization: Bearer KEY", CHALLENGES)
                return
        elif not self._goes_by(header(scope, b"host")):
            await send_error(
                send, 403, f"this server does not go by the name in the Host header: {option('allow_host')} adds it"
            )
            return
        await self._app(scope, receive, send)

    def _goes_by(self, host: str) -> bool:
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return name.lower() in self._names or is_loopback(name)


def given_key(authorization: str) -> bytes:
    """Return the key of a ``Bearer`` header, or the password of a ``Basic`` one; empty without."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""
