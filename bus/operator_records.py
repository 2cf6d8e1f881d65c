"""The records of operators: who joined the floor, who left it, and which key speaks for whom."""

from __future__ import annotations

from typing import ClassVar

from bus.events import Data, Id


class OperatorJoined(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A console joined the floor."""

    TYPE: ClassVar[str] = "operator.joined"
    operator: str
    console: Id


class OperatorLeft(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A console left: it said so, or its broker link died."""

    TYPE: ClassVar[str] = "operator.left"
    operator: str
    console: Id


class OperatorSigned(Data, frozen=True, kw_only=True, omit_defaults=True):
    """What this operator says is signed by this key from here on; written when it is another key than before.

    `key` is the fingerprint of an enrolled key. Words without a signature are marked as such and change nothing here.
    """

    TYPE: ClassVar[str] = "operator.signed"
    operator: str
    key: str
