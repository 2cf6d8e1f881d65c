"""The generated half of `bus/asyncapi.yaml`: payload schemas, messages and limits, made from the code of the contract.

`python -m tests.contract.asyncapi_schemas` writes it anew below the mark; the half above the mark is written by hand. The
tests compare both halves with the code, so that neither can drift.
"""

from typing import Any, Final, get_args

import msgspec
import yaml

from bus import limits
from bus.events import AGENT_TYPES, Data, Envelope, Id
from bus.inquiry import AnyReply
from bus.messages import AgentStatus, AnyCommand, Intent, Journal, SupervisorState
from bus.records import SUPERVISOR_TYPES
from tests import ROOT

FILE: Final = ROOT / "bus" / "asyncapi.yaml"
MARK: Final = "# ---- generated from here on: python -m tests.contract.asyncapi_schemas ----\n"

COMMANDS: Final[dict[str, type]] = {
    str(kind.__struct_config__.tag): kind
    for kind in sorted(AnyCommand.__args__, key=lambda kind: kind.__name__)
}
"""What travels on an agent's commands topic, by its `type`."""

REPLIES: Final[dict[str, type]] = {str(kind.__struct_config__.tag): kind for kind in AnyReply.__args__}
"""What travels on a console's topic, by its `type`."""

PLAIN: Final[dict[str, type]] = {
    "intent": Intent,
    "journal": Journal,
    "status": AgentStatus,
    "supervisor-state": SupervisorState,
}
PARAMETERS: Final = {
    "agent": "The agent's name.",
    "console": "One console process; random.",
    "operator": "A line of the operators file.",
    "run": "One execution of the agent; never used twice.",
    "site": "The site: one supervisor, its agents and consoles.",
}
ID_PATTERN: Final = get_args(Id)[1].pattern
_REF: Final = "#/components/schemas/{name}"


def limit_table() -> dict[str, float]:
    """Every number of `bus.limits` by its name."""
    return {name: value for name, value in vars(limits).items() if name.isupper()}


def generated() -> dict[str, Any]:
    """What stands below the mark, less the limits."""
    return {"components": {"messages": _messages(), "parameters": _parameters(), "schemas": _schemas()}}


def text() -> str:
    """The generated half as YAML: sorted, no anchors, the innermost collections on one line."""
    parts: str = yaml.dump(generated(), Dumper=_Plain, default_flow_style=None, width=110, allow_unicode=True)
    return parts + yaml.dump({"x-limits": limit_table()})


def load() -> dict[str, Any]:
    """The whole file."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return document


class _Plain(yaml.SafeDumper):
    """YAML without anchors: a reader of one part need not look for another."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _schemas() -> dict[str, Any]:
    records = [*AGENT_TYPES.values(), *SUPERVISOR_TYPES.values()]
    kinds = [_envelope(), *PLAIN.values(), *COMMANDS.values(), *REPLIES.values(), *records]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    schemas["SupervisorRecord"] = {
        "allOf": [{"$ref": _REF.format(name="Envelope")}],
        "description": "A record that the supervisor wrote itself.",
        "oneOf": [_typed(name, kind) for name, kind in sorted(SUPERVISOR_TYPES.items())],
    }
    schemas["JournalRecord"]["properties"]["event"] = {
        "anyOf": [{"$ref": _REF.format(name=name)} for name in ("Envelope", "SupervisorRecord")]
    }
    tidied: dict[str, Any] = _tidy(schemas)
    return tidied


def _envelope() -> type:
    """The envelope with `data` as an object: msgspec cannot write a default that is raw JSON."""
    fields: list[Any] = []
    for each in msgspec.structs.fields(Envelope):
        if each.name == "data":
            fields.append((each.name, dict[str, Any], msgspec.field(default_factory=dict)))
        elif each.default is not msgspec.NODEFAULT:
            fields.append((each.name, each.type, msgspec.field(default=each.default)))
        else:  # `specversion` has a factory, but every event must carry it
            fields.append((each.name, each.type))
    return msgspec.defstruct("Envelope", fields, namespace={"__doc__": Envelope.__doc__}, kw_only=True)


def _messages() -> dict[str, Any]:
    messages: dict[str, Any] = {
        name: {
            "contentType": "application/cloudevents+json",
            "payload": {"allOf": [{"$ref": _REF.format(name="Envelope")}, _typed(name, kind)]},
            "summary": _summary(kind),
        }
        for name, kind in AGENT_TYPES.items()
    }
    for name, kind in (PLAIN | COMMANDS | REPLIES).items():
        messages[name] = {"payload": {"$ref": _REF.format(name=kind.__name__)}, "summary": _summary(kind)}
    return messages


def _parameters() -> dict[str, Any]:
    # AsyncAPI 3 gives a parameter no schema, hence the extension.
    return {
        name: {"description": meaning, "x-pattern": ID_PATTERN}
        for name, meaning in sorted(PARAMETERS.items())
    }


def _typed(name: str, kind: type[Data]) -> dict[str, Any]:
    return {"properties": {"data": {"$ref": _REF.format(name=kind.__name__)}, "type": {"const": name}}}


def _summary(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _tidy(value: Any) -> Any:
    """Put every description on one line and drop titles, which repeat the names."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: " ".join(item.split()) if name == "description" and isinstance(item, str) else _tidy(item)
        for name, item in value.items()
        if not (name == "title" and isinstance(item, str))
    }


def main() -> None:
    """Write the generated half anew."""
    head, _, _ = FILE.read_text("utf-8").partition(MARK)
    FILE.write_text(head + MARK + text(), "utf-8")


if __name__ == "__main__":
    main()
