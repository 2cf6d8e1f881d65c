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
from console.policy.known import NAMES, Known

if TYPE_CHECKING:
    import cel

_SHOWN: Final = 160


class Context:
    """One call as all conditions see it: converted once, whatever their number, and only what one of them reads.

    `cut` are the arguments that were shortened or left out.

    Raises:
        ConditionError: the engine cannot take the values.
    """

    __slots__ = ("cut", "values")

    def __init__(self, known: Known, names: Iterable[str] = NAMES) -> None:
        values = {name: getattr(known, name) for name in names}
        self.cut: frozenset[str] = frozenset()
        if "args" in values:
            values["args"], self.cut = handed(known.args)
        self.values = _guarded(_context, values)


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
        answer = _guarded(self._program.execute, context.values)
        if isinstance(answer, bool):
            return answer
        raise ConditionError(f"it comes to a value of type {type(answer).__name__}, not to true or false")

    def misses(self, context: Context) -> bool:
        """Whether the condition reads an argument that was cut."""
        return bool(context.cut) and (self._reads is None or not self._reads.isdisjoint(context.cut))

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


def _context(values: dict[str, Any]) -> cel.Context:
    import cel

    return cel.Context(values, {"lower": _lower})


def _lower(text: object) -> object:
    """CEL's own library has no way to ignore case. Raises nothing: the engine would write that to standard error."""
    return text.casefold() if isinstance(text, str) else text
