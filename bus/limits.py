"""Every numeric bound of the bus contract, in one table.

Sizes are bytes, times are seconds, counts are counts. Changing a wire bound is a contract change:
`docs/contract.md` and `bus/asyncapi.yaml` repeat these numbers and a test holds them together.
"""

from __future__ import annotations

from typing import Final

PAYLOAD_BYTES: Final = 65_536
"""Largest MQTT payload anybody may publish. AWS IoT Core allows 128 kB, rumqttd 20 kB unless raised."""

EVENT_BYTES: Final = 60_000
"""Largest event. Smaller than a payload, because the journal wraps events. Larger values go as blobs."""

BLOB_PART_BYTES: Final = 32_768
"""Bytes of one blob part before base64 (which makes them 43,692)."""

BLOB_BYTES: Final = 4_194_304
"""Largest value that may travel as blob parts."""

DEPTH: Final = 64
"""Deepest nesting of arrays and objects in any message."""

EVENT_DEPTH: Final = DEPTH - 4
"""Deepest nesting of an event; the journal and the commands that carry parts of it nest it deeper."""

ID_CHARS: Final = 64
"""Longest id (site, agent, run, action, operator, console, command, intent)."""

TEXT_CHARS: Final = 4_000
"""Longest text that an SDK sends inline for a goal, a message or a tool result before it says `truncated`."""

LABEL_CHARS: Final = 200
"""Longest short text: a step name, a model, a reason shown in a list."""

PREVIEW_BYTES: Final = 4_096
"""Longest side (UTF-8 bytes as JSON) of a preview that an SDK sends before it says `cut`; consoles keep no more."""

EVENTS_IN_FLIGHT: Final = 800
"""Unstored events that all agents of a site together may have under way.

Below mosquitto's default of 1,000 queued messages a client, the poorest queue we know that counts in messages."""

WINDOW_MAX: Final = 512
"""Most unstored events one agent may have in flight, however few agents there are."""

WINDOW_DEFAULT: Final = 16
"""Window of an agent that has not yet heard a supervisor state."""

SPOOL_EVENTS: Final = 100_000
"""Events a run's spool holds before telemetry is dropped and counted."""

SPOOL_BYTES: Final = 64 * 1024 * 1024
"""Bytes a run's spool holds before telemetry is dropped and counted."""

SPOOL_RESERVE: Final = 64
"""Events kept free in a full spool for what may not be dropped (acknowledgements, outcomes, ends)."""

LEASE_RENEW: Final = 3.0
"""How often the supervisor renews its lease."""

LEASE_TTL: Final = 10.0
"""How long a lease holds after its last renewal, by the receiver's monotonic clock."""

ERA_AHEAD: Final = 86_400_000
"""How far beyond a supervisor's own an era may be that it takes an agent's word for (ms): words of agents are not signed."""

HEARTBEAT: Final = 5.0
"""How often an agent says that it lives."""

AGENT_SILENT: Final = 15.0
"""Silence after which a connected agent counts as lost."""

KEEPALIVE: Final = 10
"""MQTT keep-alive of agents and supervisor; the broker publishes a will after 1.5 times this."""

DECIDE_WITHIN: Final = 600.0
"""How long a proposed action waits for its decision unless it says otherwise."""

DECIDE_WITHIN_MAX: Final = 86_400.0
"""Longest time a proposed action may ask to wait."""

DECISION_VALID: Final = 60.0
"""How long after it was sent an approval may still be begun."""

RESEND_AFTER: Final = 2.0
"""Silence after which an agent sends its oldest unstored events again."""

COMMAND_TIMEOUT: Final = 10.0
"""Time without acknowledgement or effect after which a command has failed and an alarm says so."""

INTENT_REPEAT: Final = 1.0
"""How often a console repeats an intent that was not answered."""

INTENT_TIMEOUT: Final = 10.0
"""How long a console repeats an intent before it says that nobody answered."""

INTENT_DUPLICATE_WITHIN: Final = 15.0
"""A repeated intent gets its first answer again within this time; afterwards it is refused as replayed."""

WATCH_RENEW: Final = 60.0
"""Seconds between the words of a watching console that it is still there."""

WATCH_TTL: Final = 180.0
"""Seconds without a word after which a watching console is no longer listed."""

CONFIDENCE_LIMIT: Final = 0.70
"""A claim below this highlights at once and lifts the gate one rung from S1 up."""

SHELVE_MOST: Final = 8 * 3600
"""Longest time (s) that an alarm may be shelved: a shift, so that nobody comes on without having seen it."""

SHELVE_DEFAULT: Final = 15 * 60
"""Time (s) that an alarm is shelved for where nothing else is said."""
