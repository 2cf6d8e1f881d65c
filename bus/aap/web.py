"""The protocol over HTTP: an ASGI application of five operations, and nothing else."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from bus.aap.request import Request
from bus.aap.requests import Requests
from bus.aap.wire import BODY_BYTES, KEY_CHARS, WAIT_MAX, BadRequest, duration, report, submission

log = logging.getLogger("watchfloor")

BODY_WITHIN: Final = 15.0
"""Seconds that a body may take to arrive."""

_KINDS: Final = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 409: "conflict",
                 429: "rate_limited", 503: "unavailable"}  # fmt: skip
_ONE: Final = re.compile(r"/v1/requests/([0-9a-f-]{36})(/consume|/outcome)?")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """Serves one `Requests`. With `token`, only who brings it; without, whoever brings any, from a page of this machine.

    The header is needed in any case, and so is the name of this machine as the host: a web page in somebody's browser can
    bring neither.
    """

    def __init__(self, requests: Requests, *, token: str = "", hosts: frozenset[str] = frozenset()) -> None:
        self._requests = requests
        self._token = token.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            status, body = await self._answer(scope, receive)
        except BadRequest as error:
            status, body = error.status, _error(error)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("aap: a request failed")
            status, body = (
                500,
                _error(BadRequest(500, "internal_error", "the bridge failed; its log says why")),
            )
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
        self._admit(headers)
        method, path = scope["method"], scope["path"]
        if path == "/v1/requests":
            if method != "POST":
                raise BadRequest(405, "method_not_allowed", f"{method} is not known here")
            key = _key(headers)
            request, new = await self._requests.create(key, submission(await _body(headers, receive)))
            return (201 if new else 200), request.wire()
        match = _ONE.fullmatch(path)
        if match is None:
            raise BadRequest(404, "not_found", "no such place; this serves /v1/requests")
        return 200, (await self._one(match[1], method, match[2] or "", headers, scope, receive)).wire()

    async def _one(
        self, name: str, method: str, what: str, headers: dict[str, bytes], scope: Scope, receive: Receive
    ) -> Request:
        match method, what:
            case "GET", "":
                return await self._requests.wait(name, _wait(scope))
            case "DELETE", "":
                return self._requests.cancel(name)
            case "POST", "/consume":
                return self._requests.consume(name, _key(headers))
            case "POST", "/outcome":
                return self._requests.report(name, report(await _body(headers, receive)))
            case _:
                raise BadRequest(405, "method_not_allowed", f"{method} is not known here")

    def _admit(self, headers: dict[str, bytes]) -> None:
        if self._hosts and headers.get("host", b"").decode("latin-1").rpartition(":")[0] not in self._hosts:
            raise BadRequest(403, "forbidden", "the Host header names another machine")
        kind, _, token = headers.get("authorization", b"").partition(b" ")
        if kind.lower() != b"bearer" or not token.strip():
            raise BadRequest(401, "unauthorized", "a bearer token is needed")
        if self._token and not hmac.compare_digest(token.strip(), self._token):
            raise BadRequest(401, "unauthorized", "not the right token")


def _key(headers: dict[str, bytes]) -> str:
    key = headers.get("idempotency-key", b"").decode("latin-1").strip()
    if not key:
        raise BadRequest(400, "missing_idempotency_key", "the header Idempotency-Key is needed")
    if len(key) > KEY_CHARS:
        raise BadRequest(400, "invalid_request", f"Idempotency-Key: at most {KEY_CHARS} characters")
    return key


def _wait(scope: Scope) -> float:
    found = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("wait", [])
    return min(duration(found[0], "wait"), WAIT_MAX) if found else 0.0


async def _body(headers: dict[str, bytes], receive: Receive) -> bytes:
    if headers.get("content-type", b"").split(b";")[0].strip().lower() != b"application/json":
        raise BadRequest(415, "unsupported_media_type", "the body must be application/json")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise BadRequest(400, "invalid_request", "the body ended early")
                body += event.get("body", b"")
                if len(body) > BODY_BYTES:
                    raise BadRequest(413, "too_large", f"the body is larger than {BODY_BYTES} bytes")
                if not event.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BadRequest(408, "timeout", f"the body did not arrive within {BODY_WITHIN:g} s") from None


def _error(error: BadRequest) -> bytes:
    said = {
        "type": _KINDS.get(error.status, "invalid_request"),
        "code": error.code,
        "message": str(error),
        "request_id": str(uuid.uuid4()),
    }
    return msgspec.json.encode({"error": said})
