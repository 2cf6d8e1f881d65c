"""docs/contract.md against the code: an agent written from the page must work."""

import hashlib
import json
import re
from typing import Any, get_args

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus import limits
from bus.canonical import canonical, code, digest
from bus.codec import Invalid, Unknown, decode, decode_command, decode_data, decode_envelope, decode_reply
from bus.events import AGENT_TYPES, ActionFinished, Data, Envelope, Gate, RunOutcome
from bus.inquiry import HealthReport, HistoryPage, PageSeal, RecorderHealth, SenderHealth
from bus.messages import (
    AgentStatus,
    Answer,
    Command,
    DecisionCommand,
    Intent,
    Journal,
    JournalRecord,
    KeyframePart,
    RunStanding,
    SupervisorState,
    Verb,
)
from bus.records import SUPERVISOR_TYPES, IntentRefused
from bus.sdk.courier import PATIENCE_MOST
from bus.signing import PublicKey
from bus.trust import KEY_VARIABLE
from console.supervisor.ingest import GAP_AFTER
from console.supervisor.ledger import AGAIN
from tests import ROOT
from tests.contract.asyncapi_schemas import COMMANDS, limit_table, load

PAGE = (ROOT / "docs" / "contract.md").read_text("utf-8")
PROSE = " ".join(PAGE.split())
TYPES: dict[str, type] = AGENT_TYPES | SUPERVISOR_TYPES | COMMANDS
COMMON = {"key", "sig", "epoch", "agent", "run", "id", "order"}


def blocks(info: str) -> list[str]:
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(info: str) -> str:
    found = blocks(info)
    assert len(found) == 1, info
    return found[0]


def cell(kind: type, without: set[str] | None = None) -> str:
    """How the page writes the fields of a struct: a star behind what must be there."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in (without or set())]
    starred = [
        f"`{field.encode_name}`" + ("*" if field.required or field.name == "specversion" else "")
        for field in fields
    ]
    return " ".join(starred) or "none"


def words_of(kind: type, field: str) -> tuple[str, ...]:
    return get_args(next(one.type for one in msgspec.structs.fields(kind) if one.name == field))


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_one_row_with_its_fields(name: str) -> None:
    rows = re.findall(rf"^\| `{re.escape(name)}` \| (.*?) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [fields for fields, _ in rows] == [cell(TYPES[name], COMMON if name in COMMANDS else None)]


@pytest.mark.parametrize(
    "kind",
    [
        Answer,
        AgentStatus,
        Command,
        Envelope,
        HealthReport,
        HistoryPage,
        Intent,
        Journal,
        JournalRecord,
        KeyframePart,
        PageSeal,
        RecorderHealth,
        RunStanding,
        SenderHealth,
        SupervisorState,
    ],
)
def test_the_fields_of_a_message_are_named(kind: type) -> None:
    assert cell(kind) in PROSE


@pytest.mark.parametrize(
    "words",
    [
        get_args(Verb),
        get_args(Gate),
        get_args(RunOutcome),
        words_of(DecisionCommand, "outcome"),
        words_of(ActionFinished, "outcome"),
        words_of(IntentRefused, "outcome"),
        words_of(AgentStatus, "status"),
        words_of(SupervisorState, "status"),
    ],
)
def test_every_word_of_an_enumeration_is_explained(words: tuple[str, ...]) -> None:
    assert words
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_the_limits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d,.]+) \| .+ \|$", PAGE, re.MULTILINE))
    assert {name: float(value.replace(",", "")) for name, value in rows.items()} == limit_table()


@pytest.mark.parametrize(
    "phrase",
    [
        f"at most {limits.PAYLOAD_BYTES:,} bytes, nested at most {limits.DEPTH} deep",
        f"of at most {limits.EVENT_BYTES:,} bytes",
        f"An id is 1 to {limits.ID_CHARS} characters",
        f"before that it is {limits.WINDOW_DEFAULT}.",
        f"nothing is stored for {limits.RESEND_AFTER:g} seconds",
        f"up to {PATIENCE_MOST:g} seconds",
        f"after {GAP_AFTER:g} seconds",
        f"every {limits.HEARTBEAT:g} seconds, without runs",
        f"After {limits.AGENT_SILENT:g} seconds without",
        f"one every {limits.LEASE_RENEW:g} seconds",
        f"repeated every {AGAIN:g} seconds until",
        f"not acknowledged in {limits.COMMAND_TIMEOUT:g} seconds",
        f"not begun within {limits.DECISION_VALID:g} seconds",
        f"at most {limits.BLOB_PART_BYTES:,} bytes each",
        f"at most {limits.BLOB_BYTES:,} bytes together",
        f"comes, for {limits.INTENT_TIMEOUT:g} seconds",
        f"more than {limits.INTENT_DUPLICATE_WITHIN:g} seconds ago",
        KEY_VARIABLE,
    ],
)
def test_numbers_in_the_prose_are_those_of_the_code(phrase: str) -> None:
    assert phrase in PROSE


def test_the_topics_are_those_of_the_description_for_machines() -> None:
    rows = re.findall(r"^\| `([\w/{}]+)` \| [^|]+ → [^|]+ \| (yes|no)\b[^|]* \|", PAGE, re.MULTILINE)
    document = load()
    channels = {key: one["address"].split("{site}/")[1] for key, one in document["channels"].items()}
    retained = {
        channels[one["channel"]["$ref"].split("/")[-1]]
        for one in document["operations"].values()
        if one["bindings"]["mqtt"]["retain"]
    }
    assert {topic: word == "yes" for topic, word in rows} == {
        topic: topic in retained for topic in channels.values()
    }


def known(text: str, kind: type, *also: str) -> dict[str, Any]:
    """A JSON object of the page, which must not hold a field that the code does not have."""
    value: dict[str, Any] = json.loads(text)
    assert set(value) <= {field.encode_name for field in msgspec.structs.fields(kind)} | set(also)
    return value


def data_of(payload: bytes) -> Data:
    envelope = decode_envelope(payload)
    data = decode_data(envelope)
    assert not isinstance(data, Unknown | Invalid)
    known(bytes(envelope.data).decode(), type(data))
    return data


def test_the_examples_are_messages() -> None:
    for text in blocks("json event"):
        known(text, Envelope)
        data_of(text.encode())
    for text in blocks("json status"):
        known(text, AgentStatus)
        decode(text.encode(), AgentStatus)
    for text in blocks("json state"):
        known(text, SupervisorState)
        PublicKey.parse(decode(text.encode(), SupervisorState).public_key)
    for text in blocks("json command"):
        command = decode_command(text.encode())
        known(text, type(command), "type")
    for text in blocks("json answer"):
        reply = decode_reply(text.encode())
        known(text, type(reply), "type")
    for text in blocks("json journal"):
        known(text, Journal)
        for record in decode(text.encode(), Journal).records:
            data_of(bytes(record.event))
    known(block("json intent"), Intent)
    everything = re.findall(r"^```json (\w[\w-]*)$", PAGE, re.MULTILINE)
    assert {"event", "status", "state", "command", "answer", "journal", "intent"} <= set(everything)


def test_the_digest_example_comes_out_as_written() -> None:
    call = json.loads(block("json call"))
    form = block("json canonical").rstrip("\n").encode()
    mark = block("text digest").strip()
    assert rfc8785.dumps(call) == form
    assert hashlib.sha256(form).hexdigest() == digest(call["tool"], call["args"]) == mark
    assert f"`{code(mark)}` here" in PROSE
    assert code(mark) == f"{int(mark[:12], 16) % 10_000:04}"


def test_the_signature_example_comes_out_as_written() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    payload = block("json intent")
    fields = json.loads(payload)
    signature = fields.pop("sig")
    form = block("json to-sign").rstrip("\n").encode()
    assert canonical(fields) == form
    assert msgspec.json.decode(f'"{signature}"', type=bytes) == private.sign(form)
    key = PublicKey.parse(block("text public-key"))
    assert key.fingerprint == fields["key"]
    assert key.verifies(payload.encode())
    assert not key.verifies(payload.replace("approve", "reject").encode())
    decode(payload.encode(), Intent)


def test_links_lead_to_headings() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    links = re.findall(r"\]\(#([\w-]+)\)", PAGE)
    assert links
    assert [link for link in links if link not in headings] == []


def test_the_shell_agent_stands_in_the_page_as_it_is() -> None:
    assert block("sh") == (ROOT / "examples" / "shell_agent.sh").read_text("utf-8")
