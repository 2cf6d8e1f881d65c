"""JSON-RPC as MCP speaks it, as far as a proxy must understand it: which messages act, what a tool's server says of it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from bus.adapters.mcp.depth import DEPTH, too_deep
from bus.canonical import NotCanonicalError, canonical
from bus.events import Hints
from bus.sdk.decision import Decision
from bus.sdk.values import result_text

Message = dict[str, Any]
Id = int | str

CALL: Final = "tools/call"
LIST: Final = "tools/list"
CANCELLED: Final = "notifications/cancelled"
LIST_CHANGED: Final = "notifications/tools/list_changed"
RESULT: Final = "tasks/result"
TASK: Final = "notifications/tasks/status"

HARMLESS: Final = frozenset(
    {
        "completion/complete",
        "initialize",
        "logging/setLevel",
        "ping",
        "prompts/get",
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/subscribe",
        "resources/templates/list",
        "resources/unsubscribe",
        "server/discover",
        "subscriptions/listen",
        "tasks/cancel",
        "tasks/get",
        "tasks/list",
        RESULT,
        LIST,
    }
)
"""Requests of a client that call no tool. Any other request, of a protocol yet to come, waits at the gate like a tool."""

READS: Final = {"resources/read": "uri", "prompts/get": "name", RESULT: "taskId"}
"""Requests whose results the model reads, and the parameter that says what of."""

REQUEST: Final = ("jsonrpc", "id", "method", "params")
ANSWER: Final = ("jsonrpc", "id", "result", "error")
CALL_PARAMS: Final = ("name", "arguments", "_meta", "task", "inputResponses", "requestState")
"""What a call of a tool is made of, in any version up to 2026-07-28."""

UNDEFINED: Final = ("_meta", "icons")
"""Members of a tool that do not belong to its definition: they may be others in each list, and no model reads them."""

BAD_REQUEST: Final = -32_600
NAME_CHARS: Final = 128

_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()
_LINE_ENDS: Final = tuple((char.encode(), f"\\u{ord(char):04x}".encode()) for char in "\x85\u2028\u2029")


class NotMcpError(ValueError):
    """A message that is no JSON-RPC message, or one that a proxy cannot tell from another."""


def decode(line: bytes | str) -> Message:
    """Read one message.

    Raises:
        NotMcpError: it is none. Batches are none either: no present version of the protocol has them.
    """
    try:
        message = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotMcpError(f"not JSON: {error}") from None
    if too_deep(line if isinstance(line, bytes) else line.encode()):
        raise NotMcpError(f"it is nested deeper than {DEPTH} levels")
    if not isinstance(message, dict):
        raise NotMcpError(f"a message is a JSON object, not a {type(message).__name__}")
    if "id" in message and not isinstance(message["id"], int | str | None):
        raise NotMcpError("an id is a string or a whole number")
    if isinstance(message.get("id"), bool):
        raise NotMcpError("an id is a string or a whole number")
    if not isinstance(message.get("method", ""), str):
        raise NotMcpError("a method is a string")
    return message


def stub(line: bytes | str) -> Message:
    """What can still be told of a line that is no message: its id and its method, as far as there are any.

    Looser readers than `decode` take it (NaN, halves of surrogate pairs), and whoever wrote it may wait for an answer.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    request, method = found.get("id"), found.get("method")
    known: Message = {"method": method} if isinstance(method, str) else {}
    return known | ({"id": request} if type(request) in (int, str) else {})


def encode(message: Message) -> bytes:
    """Write one message anew, for either side: they read what was read here, as one line, and no second meaning.

    Some readers of lines (Python's `splitlines`) also end one where JSON lets these letters stand in a text.
    """
    written = _ENCODER.encode(message)
    for raw, escaped in _LINE_ENDS:
        written = written.replace(raw, escaped)
    return written


def anew(message: Message) -> Message:
    """Make a client's message again of what the protocol knows, so that no server reads in it what nobody judged.

    Other members are left out. Readers of JSON differ in which names they take for the same (Go's compares them without
    case, C's ends at a NUL); a member that one of them may take for a known one is an error.

    Raises:
        NotMcpError: there is such a member, or a NUL in a name that is called.
    """
    unlike(message, {*REQUEST, *ANSWER}, "the message")
    made: Message = {
        name: message[name] for name in (REQUEST if "method" in message else ANSWER) if name in message
    }
    if "\0" in made.get("method", ""):
        raise NotMcpError("a method has no NUL in it")
    if made.get("method") == CALL and isinstance(given := made.get("params"), dict):
        unlike(given, CALL_PARAMS, "params")
        made["params"] = {name: given[name] for name in CALL_PARAMS if name in given}
        if isinstance(given.get("name"), str) and "\0" in given["name"]:
            raise NotMcpError("a tool's name has no NUL in it")
    return made


def unlike(given: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Refuse members that are none of the known ones and that some reader may take for one.

    Raises:
        NotMcpError: there is one. The text names it.
    """
    plain = {_folded(name): name for name in known}
    for name in given:
        alike = plain.get(_folded(name)) or plain.get(_folded(name.partition("\0")[0]))
        if alike is not None and name not in known:
            raise NotMcpError(f"{where}: {name!r} may be read as {alike!r}; name it so or leave it out")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).replace("\0", "").casefold())


def request_id(message: Message) -> Id | None:
    """The id of a request, or None if the message is another one."""
    found: Id | None = message.get("id")
    return found if "method" in message else None


def answered_id(message: Message) -> Id | None:
    """The id that an answer answers, or None if the message is no answer."""
    found: Id | None = message.get("id")
    return found if "method" not in message else None


def needs_no_id(message: Message) -> bool:
    """Whether a message without an id may pass: a notification, or an answer to the server."""
    method = message.get("method")
    return method.startswith("notifications/") if isinstance(method, str) else "id" in message


def params(message: Message) -> dict[str, Any]:
    """The parameters of a message; none are an empty object."""
    found = message.get("params")
    return found if isinstance(found, dict) else {}


def failure(request: Id | None, text: str) -> Message:
    """The answer to a request that is wrong itself; None where nobody can tell which it was."""
    return {"jsonrpc": "2.0", "id": request, "error": {"code": BAD_REQUEST, "message": text}}


def refusal(message: Message, text: str, *, error: bool = True) -> Message:
    """The answer to a call that was not run: for a tool, a result that the model reads."""
    if message.get("method") != CALL:
        return failure(message["id"], text)
    content = [{"type": "text", "text": text}]
    return {"jsonrpc": "2.0", "id": message["id"], "result": {"content": content, "isError": error}}


def words(decision: Decision) -> str:
    """Return what the model is told of a call that may not run."""
    tool, text = decision.tool, decision.text
    match decision.outcome:
        case "responded":
            return text
        case "rejected":
            return (
                f"{tool} was not run: the operator rejected it{f': {text}' if text else ', without a reason'}"
            )
        case outcome:
            return f"{tool} was not run: {text or outcome}"


def waiting(token: object, count: int) -> Message:
    """Progress of a call that is held: a client that counts progress as life then does not give up.

    It stays below whatever the tool will count itself, because progress may only grow.
    """
    told = {"progressToken": token, "progress": count * 1e-9, "message": "held: an operator is asked"}
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": told}


def schema_digest(tool: Mapping[str, Any]) -> str | None:
    """The digest of a tool's definition (`Hints.schema_digest`); None if it has no canonical form.

    All of it counts, also what no version of the protocol knows yet: a client may show any of it to its model.
    """
    defined = {name: value for name, value in tool.items() if value is not None and name not in UNDEFINED}
    defined |= {"description": tool.get("description") or "", "inputSchema": tool.get("inputSchema")}
    try:
        return hashlib.sha256(canonical(defined)).hexdigest()
    except NotCanonicalError:
        return None


def hints(tool: Mapping[str, Any] | None, digest: str | None) -> Hints | None:
    """What a tool's server says of the tool: claims, which only raise; and the digest of its definition."""
    if tool is None:
        return None
    said = tool.get("annotations")
    if not isinstance(said, dict):
        return Hints(schema_digest=digest)
    names = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
    read_only, destructive, idempotent, open_world = (
        value if isinstance(value := said.get(name), bool) else None for name in names
    )
    return Hints(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=open_world,
        schema_digest=digest,
    )


def properties(tool: Mapping[str, Any] | None) -> Collection[str]:
    """The names of a tool's arguments, as far as its schema says them."""
    schema = tool.get("inputSchema") if tool else None
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else ()


def outcome(message: Message) -> tuple[bool, str]:
    """Return whether a call went well, and its result as text."""
    error = message.get("error")
    if isinstance(error, dict):
        return False, str(error.get("message", error))
    result = message.get("result")
    if not isinstance(result, dict):
        return True, result_text(result)
    texts = []
    for block in blocks(result):
        if isinstance(block, dict) and isinstance(block.get("text"), str):
            texts.append(block["text"])
        elif isinstance(block, dict):
            texts.append(f"[{block.get('type') or block.get('mimeType') or 'content'}]")
    if not texts and "structuredContent" in result:
        texts.append(result_text(result["structuredContent"]))
    return result.get("isError") is not True, "\n".join(texts)


def blocks(result: dict[str, Any]) -> list[Any]:
    """The content of a tool's result, of a resource, or of a prompt."""
    for name in ("content", "contents"):
        if isinstance(result.get(name), list):
            return list(result[name])
    said = result.get("messages")
    listed = said if isinstance(said, list) else []
    return [one["content"] for one in listed if isinstance(one, dict) and "content" in one]
