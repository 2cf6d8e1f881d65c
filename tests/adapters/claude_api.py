"""A model by script behind the address that Claude Code calls: loopback only, so nothing leaves this machine.

Which reply comes next follows from the conversation itself: as many replies as it has tool results are behind it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

Call = tuple[str, dict[str, Any]]


class ClaudeApi:
    """Replies with `script`: each entry is a tool call, several at once, or a closing text. Use it as a context."""

    def __init__(self, script: Sequence[Call | list[Call] | str]) -> None:
        self.script = list(script)
        self.results: dict[str, str] = {}
        """What the model was told of each tool call, by the call's id."""
        self.requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        cast("Any", self._server).api = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def told(self) -> list[str]:
        """What the model was told, in the order of the calls."""
        return [self.results[name] for name in sorted(self.results)]

    def reply(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the content of the next message, given the conversation so far."""
        self.requests += 1
        if not body.get("tools"):
            return [{"type": "text", "text": "fine"}]
        done = 0
        for message in body["messages"]:
            content = message["content"]
            for block in content if isinstance(content, list) else []:
                if block.get("type") == "tool_result":
                    done += 1
                    self.results[block["tool_use_id"]] = _text(block.get("content"))
        at = 0
        for number, entry in enumerate(self.script):
            if isinstance(entry, str):
                return [{"type": "text", "text": entry}]
            calls = entry if isinstance(entry, list) else [entry]
            if done <= at:
                return [
                    {"type": "tool_use", "id": f"toolu_{number:02}_{which:02}", "name": name, "input": given}
                    for which, (name, given) in enumerate(calls)
                ]
            at += len(calls)
        return [{"type": "text", "text": "done"}]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(b"", "text/plain")

    def do_GET(self) -> None:
        self._send(b"{}", "application/json")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if "count_tokens" in self.path:
            self._send(b'{"input_tokens": 10}', "application/json")
            return
        if "/v1/messages" not in self.path:
            self._send(b"{}", "application/json")
            return
        content = cast("Any", self.server).api.reply(body)
        if body.get("stream"):
            self._send(_stream(content), "text/event-stream")
        else:
            message = _message() | {"content": content, "stop_reason": _stop(content)}
            self._send(json.dumps(message).encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _stop(content: list[dict[str, Any]]) -> str:
    return "tool_use" if any(block["type"] == "tool_use" for block in content) else "end_turn"


def _message() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-scripted",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


def _stream(content: list[dict[str, Any]]) -> bytes:
    events: list[dict[str, Any]] = [{"type": "message_start", "message": _message()}]
    for index, block in enumerate(content):
        if block["type"] == "text":
            begun, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            begun = block | {"input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events += [
            {"type": "content_block_start", "index": index, "content_block": begun},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    end = {"stop_reason": _stop(content), "stop_sequence": None}
    events += [
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)
