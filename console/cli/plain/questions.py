"""What line mode asks back, and what an answer to it means. Pure.

An empty line never confirms anything, nor does the line that led to the question: each question says what it takes.
What is confirmed is bound to what was shown, by the wish that it holds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bus.canonical import NotCanonicalError, canonical, code
from console.cli import card
from console.cli.exits import CliError
from console.cli.verbs.editing import parse
from console.core.blobs import blob_names
from console.core.fleet.state import Action, Fleet
from console.tui.drawing import figures
from console.tui.rows.edits import changed
from console.tui.sheets.confirm_sheets import WORDS_CHARS, Sheet, Wish

KEPT = "nothing was sent"


class Reply(NamedTuple):
    """What an answer brought: a wish to state, words to print, or another question; without one the asking is over."""

    wish: Wish | None = None
    words: tuple[str, ...] = ()
    then: Question | None = None
    wrong: bool = False
    """It did not do what was asked: a script that was answered so did not go well."""


class Question:
    """Base: lines to print, and what to do with the next typed line.

    Unless it is `free`, a line that does not confirm and is a command is done as one: nobody has to leave a question first
    to stop something.
    """

    free = False

    def __init__(self, wish: Wish) -> None:
        self.wish = wish

    def lines(self) -> list[str]:
        """The question."""
        raise NotImplementedError

    def answer(self, text: str) -> Reply:
        """Take a line."""
        raise NotImplementedError

    def outdated(self, fleet: Fleet) -> str:
        """Why what was shown is no longer so, or nothing."""
        return Sheet(self.wish).outdated(fleet)


class Confirm(Question):
    """`y`, and nothing else."""

    def __init__(self, wish: Wish, what: str) -> None:
        super().__init__(wish)
        self._what = what

    def lines(self) -> list[str]:
        return [f"{self._what}? y does it, anything else does not"]

    def answer(self, text: str) -> Reply:
        if text == "y":
            return Reply(self.wish)
        return Reply(words=(f"not confirmed; {KEPT}",))


class ConfirmScope(Confirm):
    """`y` for this one, `t` for those like it in this run as well."""

    def lines(self) -> list[str]:
        return [
            f"{self._what}? y does it, t does it and lets those like it pass in this run, anything else does not"
        ]

    def answer(self, text: str) -> Reply:
        return Reply(self.wish._replace(scope="run")) if text == "t" else super().answer(text)


class Code(Question):
    """The four digits that stand below the arguments of a hold."""

    def __init__(self, wish: Wish, what: str) -> None:
        super().__init__(wish)
        self._what = what

    def lines(self) -> list[str]:
        return [f"{self._what}? the code {code(self.wish.digest)}, typed, does it; anything else does not"]

    def answer(self, text: str) -> Reply:
        if text == code(self.wish.digest):
            return Reply(self.wish._replace(code=text))
        return Reply(words=(f"not the code; {KEPT}",), wrong=bool(text))


class Id(Question):
    """The short id of the run that is to end, or its whole id."""

    def __init__(self, wish: Wish, words: str) -> None:
        super().__init__(wish)
        self._words = words

    def lines(self) -> list[str]:
        return [
            f"{self._words}; its id {figures.short(self.wish.run)}, typed, kills it; anything else does not"
        ]

    def answer(self, text: str) -> Reply:
        if text in (figures.short(self.wish.run), self.wish.run):
            return Reply(self.wish)
        return Reply(words=(f"not its id; {KEPT}",), wrong=bool(text))


class Words(Question):
    """Words to the agent, or a reason for the record."""

    free = True

    def __init__(self, wish: Wish, what: str) -> None:
        super().__init__(wish)
        self._what = what

    def lines(self) -> list[str]:
        return [f"{self._what}: type the words, one line; an empty one does nothing"]

    def answer(self, text: str) -> Reply:
        if not text.strip():
            return Reply(words=(f"no words; {KEPT}",))
        if len(text) > WORDS_CHARS:
            return Reply(words=(f"{len(text)} characters; at most {WORDS_CHARS} can be sent; {KEPT}",))
        return Reply(self.wish._replace(reason=text.strip()))


class Arguments(Question):
    """Other arguments for an action: one after the other by its number, or all at once as a JSON object."""

    free = True

    def __init__(self, wish: Wish, action: Action, args: dict[str, Any] | None = None) -> None:
        super().__init__(wish)
        self._action = action
        self._args = action.args if args is None else args

    def lines(self) -> list[str]:
        rows = [
            f"{number}: {_name(name)} is {_one(value)}"
            for number, (name, value) in enumerate(self._args.items(), 1)
        ]
        how = (
            "edit: a number changes that argument; a line that begins with { replaces all; done goes on to confirm;"
            " an empty line changes nothing"
        )
        return [*rows, how]

    def answer(self, text: str) -> Reply:
        text = text.strip()
        if not text:
            return Reply(words=(f"not changed; {KEPT}",))
        if text.casefold() == "done":
            return self.done()
        if text.startswith("{"):
            try:
                return Arguments(self.wish, self._action, parse(text, "the arguments")).done()
            except CliError as error:
                return Reply(words=(str(error),), then=self)
        names = list(self._args)
        if text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= len(names):
            return Reply(then=_Value(self, names[int(text[:6]) - 1]))
        return Reply(words=("not the number of an argument",), then=self)

    def with_value(self, name: str, value: Any) -> Arguments:
        """The same question with one argument changed."""
        return Arguments(self.wish, self._action, {**self._args, name: value})

    def value(self, name: str) -> Any:
        return self._args[name]

    def done(self) -> Reply:
        """Go on to confirm what was changed."""
        edits = changed(self._action.args, self._args)
        if not edits:
            return Reply(words=("the arguments are the same as before; to let it run as it is: approve",))
        if blob_names(self._args):
            return Reply(words=("a value sent apart cannot be read here; write out another",), then=self)
        try:
            canonical(self._args)
        except NotCanonicalError as error:
            return Reply(words=(str(error),), then=self)
        told = [f"{edit.path} was {edit.before}, will be {edit.after}" for edit in edits]
        return Reply(words=tuple(told), then=confirming(self._action, self.wish._replace(args=self._args)))


class _Value(Question):
    """A new value for one argument."""

    free = True

    def __init__(self, arguments: Arguments, name: str) -> None:
        super().__init__(arguments.wish)
        self._arguments = arguments
        self._argument = name

    def lines(self) -> list[str]:
        now = _one(self._arguments.value(self._argument))
        return [
            f"{_name(self._argument)} is {now}: type the new value as JSON, a text in quotes; an empty line leaves it"
        ]

    def answer(self, text: str) -> Reply:
        if not text.strip():
            return Reply(then=self._arguments)
        try:
            value = parse(f'{{"value": {text}}}', "the value")
        except CliError as error:
            return Reply(words=(f"not JSON: {error}",), then=self)
        if set(value) != {"value"}:
            return Reply(words=("one value, no more",), then=self)
        return Reply(then=self._arguments.with_value(self._argument, value["value"]))


def confirming(action: Action, wish: Wish) -> Question:
    """The question that lets an action run: `y` for an ask, the code for a hold."""
    changed_ = (
        " with the changed arguments, nothing else"
        if wish.args is not None
        else " with exactly these arguments"
    )
    what = f"{wish.verb} {action.tool}{changed_}, digest {action.digest[:8]}"
    if action.gate == "hold":
        return Code(wish, what)
    return (ConfirmScope if action.offer is not None and wish.verb == "approve" else Confirm)(wish, what)


def _name(name: str) -> str:
    return card.exact(name)[0][1:-1]


def _one(value: Any) -> str:
    return " ".join(line.strip() for line in card.exact(value))
