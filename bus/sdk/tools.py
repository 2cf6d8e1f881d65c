"""Functions that are gated at every call: their arguments become an action, their result is reported."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bus.canonical import NotCanonicalError, canonical
from bus.events import Confidence, Hints, Preview
from bus.sdk.decision import Action, ActionRejected, Decision
from bus.sdk.values import plain

_LATER: Final = (
    "it would count as done before it runs; return what it yields in a list, or gate each step by itself"
)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A function with what its actions say about it. `confidence` may be a function of its arguments, `preview` is one."""

    function: Callable[..., Any]
    signature: inspect.Signature
    name: str
    hints: Hints | None
    confidence: float | Confidence | Callable[..., float] | None
    preview: Callable[..., Preview | None] | None
    reason: str

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        *,
        name: str,
        hints: Hints | None,
        confidence: float | Confidence | Callable[..., float] | None,
        preview: Callable[..., Preview | None] | None,
        reason: str,
    ) -> Wrapped:
        """Look at a function.

        Raises:
            TypeError: it is a generator function.
        """
        called = name or function.__name__
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"tool {called!r} is a generator: {_LATER}")
        return cls(
            function=function,
            signature=inspect.signature(function),
            name=called,
            hints=hints,
            confidence=confidence,
            preview=preview,
            reason=reason,
        )

    @property
    def is_async(self) -> bool:
        """Whether calling it returns something to await."""
        return inspect.iscoroutinefunction(self.function)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments:
        """Give every argument its name.

        Raises:
            TypeError: the arguments do not fit the function.
        """
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    def action(self, bound: inspect.BoundArguments) -> Action:
        """Return the action of a call."""
        confidence = self.confidence
        if callable(confidence):
            confidence = confidence(*bound.args, **bound.kwargs)
        return Action(
            self.name,
            _named(bound),
            confidence=confidence,
            hints=self.hints,
            preview=self.preview(*bound.args, **bound.kwargs) if self.preview else None,
            reason=self.reason,
            check=partial(self._edited, bound),
        )

    def permit(self, bound: inspect.BoundArguments, decision: Decision) -> inspect.BoundArguments:
        """Return the arguments of the call that was decided on.

        Raises:
            ActionRejected: the caller's objects are no longer what was approved.
        """
        if decision.outcome != "edited":
            if _same(bound, decision.args):
                return bound
            decision.text = "the arguments were changed while the decision was awaited"
            raise ActionRejected(decision)
        return self._edited(bound, decision.args)

    def over(self, result: Any) -> Any:
        """Return what the function returned, if with that its work is over.

        Raises:
            TypeError: it is something that runs only when it is awaited or gone through.
        """
        if inspect.isgenerator(result) or inspect.isasyncgen(result) or inspect.isawaitable(result):
            if inspect.iscoroutine(result) or inspect.isgenerator(result):
                result.close()  # it has not begun, and never will
            raise TypeError(f"tool {self.name!r} returned {type(result).__name__}: {_LATER}")
        return result

    def _edited(self, bound: inspect.BoundArguments, args: dict[str, Any]) -> inspect.BoundArguments:
        """Put an operator's arguments in the place of a call's own.

        Raises:
            ValueError: they do not fit the function.
        """
        names = {name for name in bound.arguments if name not in {"self", "cls"}}
        if set(args) != names:
            raise ValueError(f"it takes {sorted(names)}, the edit has {sorted(args)}")
        edited = self.signature.bind(*bound.args, **bound.kwargs)
        edited.apply_defaults()
        for name, value in args.items():
            edited.arguments[name] = _spread(self.signature.parameters[name], value)
        try:
            called = self.signature.bind(*edited.args, **edited.kwargs)
        except TypeError as error:
            raise ValueError(str(error)) from None
        called.apply_defaults()
        if not _same(called, args):  # a name in ** that is a parameter of its own, too
            raise ValueError("the call would have other arguments than the edit")
        return called


def gated_async(
    wrapped: Wrapped, gate: Callable[[Action], Awaitable[Decision]]
) -> Callable[..., Awaitable[Any]]:
    """Return a coroutine function that runs `wrapped` as `gate` decides."""

    @functools.wraps(wrapped.function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        bound = wrapped.bind(args, kwargs)
        async with await gate(wrapped.action(bound)) as decision:
            bound = wrapped.permit(bound, decision)
            result = wrapped.over(await wrapped.function(*bound.args, **bound.kwargs))
            decision.result(result)
            return result

    return call


def gated_sync(
    wrapped: Wrapped, gate: Callable[[Action], Decision], *, awaits: bool = False
) -> Callable[..., Any]:
    """Return a function that runs `wrapped` as `gate` decides, and blocks until then.

    If its caller `awaits`, what `wrapped` returns may be awaitable, as that of a plain decorator around a coroutine function
    is: the caller gets something to await, and the tool has ended when that has.

    Raises:
        TypeError: it is a coroutine function, and nobody awaits.
    """
    if wrapped.is_async and not awaits:
        raise TypeError(
            f"tool {wrapped.name!r} is a coroutine function: it needs a run of bus.run, or to be a plain one"
        )

    @functools.wraps(wrapped.function)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = wrapped.bind(args, kwargs)
        with ExitStack() as ending:
            decision = ending.enter_context(gate(wrapped.action(bound)))
            bound = wrapped.permit(bound, decision)
            result = wrapped.function(*bound.args, **bound.kwargs)
            if awaits and inspect.isawaitable(result):
                decision.leave_tool()
                return _awaited(wrapped, decision, result, ending.pop_all())
            decision.result(wrapped.over(result))
            return result

    return call


async def _awaited(wrapped: Wrapped, decision: Decision, rest: Awaitable[Any], ending: ExitStack) -> Any:
    with ending:
        decision.enter_tool()
        result = wrapped.over(await rest)
        decision.result(result)
        return result


def _named(bound: inspect.BoundArguments) -> dict[str, Any]:
    # A method's object is not part of what is decided.
    return {name: value for name, value in bound.arguments.items() if name not in {"self", "cls"}}


def _spread(parameter: inspect.Parameter, value: Any) -> Any:
    """An edited argument as its parameter takes it: what a call spreads out must be a list, or an object."""
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        if not isinstance(value, list):
            raise ValueError(f"{parameter.name} must be a list")
        return tuple(value)
    if parameter.kind is inspect.Parameter.VAR_KEYWORD and not isinstance(value, dict):
        raise ValueError(f"{parameter.name} must be an object")
    return value


def _same(bound: inspect.BoundArguments, approved: dict[str, Any]) -> bool:
    try:
        return canonical(plain(_named(bound))) == canonical(approved)
    except NotCanonicalError:
        return False
