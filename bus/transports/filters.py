"""Which topics a filter covers, and what may be published at all: the same for every transport."""

from __future__ import annotations

from bus.limits import PAYLOAD_BYTES

_TOPIC_BYTES = 65_535


def covers(pattern: str, topic: str) -> bool:
    """Say whether the MQTT filter `pattern` (`+` one level, a last `#` any number) covers `topic`."""
    wanted, levels = pattern.split("/"), topic.split("/")
    for depth, want in enumerate(wanted):
        if want == "#":
            return True
        if depth >= len(levels) or want not in {"+", levels[depth]}:
            return False
    return len(wanted) == len(levels)


def check_publish(topic: str, payload: bytes) -> None:
    """Refuse what must not be published.

    Raises:
        ValueError: the topic is empty, too long, or holds `+`, `#` or NUL, or the payload is larger than
            `limits.PAYLOAD_BYTES`.
    """
    if not topic or not {"+", "#", "\0"}.isdisjoint(topic) or len(topic.encode()) > _TOPIC_BYTES:
        raise ValueError(f"not a topic to publish to: {topic[:100]!r}")
    if len(payload) > PAYLOAD_BYTES:
        raise ValueError(f"payload of {len(payload)} bytes; at most {PAYLOAD_BYTES} may be published")
