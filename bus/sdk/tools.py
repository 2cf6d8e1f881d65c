"""Functions that are gated at every call: their arguments become an action, their result is reported."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bus.canonical import NotCanonicalError, canonical
from bus.events import Confidence, Hints, Preview
from bus.sdk.decision import Action, ActionRejected, Decision
from bus.sdk.values import plain


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
        """Look at a function."""
        return cls(
            function=function,
            signature=inspect.signature(function),
            name=name or function.__name__,
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
            result = await wrapped.function(*bound.args, **bound.kwargs)
            decision.result(result)
            return result

    return call


def gated_sync(wrapped: Wrapped, gate: Callable[[Action], Decision]) -> Callable[..., Any]:
    """Return a function that runs `wrapped` as `gate` decides, and blocks until then."""

    @functools.wraps(wrapped.function)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = wrapped.bind(args, kwargs)
        with gate(wrapped.action(bound)) as decision:
            bound = wrapped.permit(bound, decision)
            result = wrapped.function(*bound.args, **bound.kwargs)
            decision.result(result)
            return result

    return call


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
