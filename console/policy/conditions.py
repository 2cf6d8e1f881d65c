"""Conditions of rules in CEL, the Common Expression Language: the one place that knows the engine.

The engine is loaded with the first condition, so a site without conditions does without it. Whatever it answers other
than true or false, whatever it raises, even a panic of its native code, is a `ConditionError`; whoever asks turns that
into `ask`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from console.policy.condition_source import ConditionError, check_source
from console.policy.handed import handed
from console.policy.known import NAMES, Judged, Known

if TYPE_CHECKING:
    import cel

_SHOWN: Final = 160
_NO_TEXT: Final = "lower(…) takes a text"


class Context:
    """One call as all conditions see it: converted once, whatever their number, and only what one of them reads.

    `cut` are the arguments that were shortened or left out, `partial` the other names that are not all there.

    Raises:
        ConditionError: the engine cannot take the values.
    """

    __slots__ = ("_blind", "_plain", "cut", "folding", "partial", "values")

    def __init__(self, known: Known, names: Iterable[str] = NAMES) -> None:
        values = {name: getattr(known, name) for name in names}
        self.cut: frozenset[str] = frozenset()
        if "args" in values:
            values["args"], self.cut = handed(known.args)
        self.partial = known.partial.intersection(names) if isinstance(known, Judged) else frozenset[str]()
        self.folding = _Folding()
        self.values = _guarded(_context, values, self.folding)
        self._plain = values
        self._blind: cel.Context | None = None

    @property
    def blind(self) -> cel.Context:
        """The call without what is not all there: a condition that needs it fails."""
        if self._blind is None:
            values = {name: value for name, value in self._plain.items() if name not in self.partial}
            self._blind = _guarded(_context, values, self.folding)
        return self._blind


class Condition:
    """A condition, compiled.

    Raises:
        ConditionError: it says what a condition may not say, or the engine does not take it.
    """

    __slots__ = ("_program", "_reads", "names", "source")

    def __init__(self, source: str) -> None:
        said = check_source(source)
        self.source = source
        self.names = said.names
        """What it reads."""
        self._reads = said.reads
        self._program: cel.Program = _guarded(_compile, source)
        # The text was read by two readers: what either sees must be allowed.
        seen = set(_guarded(self._program.variables)) - {said.bound}
        if seen - said.names:
            raise ConditionError(f"unknown name {min(seen - said.names)!r}")
        for regex in said.regexes:
            _guarded(_compile(f'"".matches({regex})').execute, None)
        self._try()

    def holds(self, context: Context) -> bool:
        """Whether the condition is true of a call.

        Raises:
            ConditionError: it could not be evaluated, or is neither true nor false.
        """
        return self._answer(context, context.values)

    def _answer(self, context: Context, values: cel.Context) -> bool:
        context.folding.failed = False
        try:
            answer = _guarded(self._program.execute, values)
        except ConditionError:
            if context.folding.failed:
                raise ConditionError(_NO_TEXT) from None
            raise
        if context.folding.failed and answer is not True:
            raise ConditionError(_NO_TEXT)
        if isinstance(answer, bool):
            return answer
        raise ConditionError(f"it comes to a value of type {type(answer).__name__}, not to true or false")

    def misses(self, context: Context) -> bool:
        """Whether the condition reads an argument that was cut, or could come out otherwise by what is not all there."""
        if context.cut and (self._reads is None or not self._reads.isdisjoint(context.cut)):
            return True
        if context.partial.isdisjoint(self.names):
            return False
        try:
            return self._answer(context, context.blind)
        except ConditionError:
            return True

    def _try(self) -> None:
        """Evaluate it of a call of which nothing is known: what then fits no type never will.

        Arguments are missing in that call, which is no mistake of the condition.
        """
        try:
            self.holds(Context(Known()))
        except _MissingError:
            return
        except ConditionError as error:
            if "args" in self._program.variables():
                return  # it may be the arguments; the rule's examples show whether it works
            raise ConditionError(f"{error}; it must also hold of what is not known (null)") from None


class _MissingError(ConditionError):
    """A value that is not there."""


def _guarded(work: Any, *given: Any) -> Any:
    """Do something with the engine.

    Raises:
        ConditionError: it did not work, whatever was the matter.
    """
    try:
        return work(*given)
    except (KeyError, IndexError) as error:
        what = str(error).strip("'\"")
        if isinstance(error, KeyError):
            raise _MissingError(f"there is no {what!r}; write has(…) before it") from None
        raise _MissingError(what) from None
    except TypeError:
        raise ConditionError("the types do not fit: null, text and numbers do not mix") from None
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  (a panic of native code is no Exception; silence would mean yes)
        raise ConditionError(_first_line(error)) from None


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    said = next((line for line in lines if "ERROR" in line), lines[0])
    return said.partition("ERROR: <input>:")[2][:_SHOWN] or said[:_SHOWN]


def _compile(source: str) -> cel.Program:
    import cel

    return cel.compile(source)


def _context(values: dict[str, Any], folding: _Folding) -> cel.Context:
    import cel

    return cel.Context(values, {"lower": folding.lower})


class _Folding:
    """The function `lower`: CEL's own library has no way to ignore case. `failed`: it was given something else than a text.

    It raises nothing, since the engine would write that to standard error.
    """

    __slots__ = ("failed",)

    def __init__(self) -> None:
        self.failed = False

    def lower(self, text: object) -> str | None:
        if isinstance(text, str):
            return text.casefold()
        self.failed = True
        return None
