"""What a condition may say, checked on its text before any engine sees it.

The engine knows no types before it runs, counts no steps and converts whatever it is given, so the bounds are set here: on
length, nesting, names, functions, and one loop without another inside. With the bounds on the arguments
(`handed`) they bound the work of one evaluation: at most 256 turns over a part of an expression of 500 characters. How long
all rules together may take at one call, `rules` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from console.policy.known import LISTS, NAMES

SOURCE_CHARS: Final = 500
"""Longest condition."""

NESTING: Final = 16
"""Most brackets open at once."""

REGEX_CHARS: Final = 64
"""Longest regular expression: the engine compiles it anew at each call, at up to 0.3 ms a character class."""

REGEXES: Final = 2
"""Most regular expressions of one condition."""

LOOP_NAMES: Final = 16
"""Most names read inside a loop, its own and functions not counted: each is read at every turn."""

LOOP_SUMS: Final = 2
"""Most `+` inside a loop: joining texts copies them at every turn."""

LOOP_FOLDS: Final = 2
"""Most `lower` inside a loop: each copies its text three times at every turn."""

LOOPS: Final = ("all", "exists", "exists_one", "filter")
METHODS: Final = ("contains", "endsWith", "matches", "size", "startsWith")
FUNCTIONS: Final = ("double", "has", "int", "lower", "size", "string", "type")

_LITERALS: Final = {"true", "false", "null"}
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>[rR]"[^"\n]*"|[rR]'[^'\n]*'|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:,.()\[\]{}])""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """Why a condition cannot be used, or could not be evaluated. One line."""


class Token(NamedTuple):
    """A piece of the text: `text`, `number`, `name` or `sign`, as written."""

    kind: str
    said: str


class Source(NamedTuple):
    """A condition whose text was checked. `names` are those it reads; `regexes` its regular expressions, as written.

    `reads` are the arguments that it names; None if it reads them in any other way. `bound` is its loop's name, or nothing.
    """

    names: frozenset[str]
    reads: frozenset[str] | None
    regexes: tuple[str, ...]
    bound: str


def check_source(text: str) -> Source:
    """Check a condition's text.

    Raises:
        ConditionError: it is too long, cannot be read, or says what a condition may not say.
    """
    if not text.strip():
        raise ConditionError("it is empty")
    if len(text) > SOURCE_CHARS:
        raise ConditionError(f"{len(text)} characters, more than {SOURCE_CHARS}: make two rules of it")
    return _Checked(list(_tokens(text))).source()


def _tokens(text: str) -> Iterator[Token]:
    at, last = 0, ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or text.startswith("//", at):
            what = "a comment" if found else f"{text[at]!r}"
            raise ConditionError(f"{what} at character {at + 1} has no place in a condition")
        at, kind = found.end(), found.lastgroup or ""
        # A prefix (b"...") and three quotes would let the engine read other strings than this does.
        if kind == "text" and last in ("text", "name"):
            raise ConditionError(
                f"{found[0][:20]!r}: write a text in one pair of quotes, with r before it or nothing"
            )
        if kind == "name" and last == "number":
            raise ConditionError(f"{found[0]!r} stands right behind a number")
        last = kind
        if kind != "space":
            yield Token(kind, found[0])


class _Checked:
    """One pass over the pieces of a condition."""

    def __init__(self, tokens: list[Token]) -> None:
        self._all = tokens
        self._pairs = _pairs(tokens)
        self._loop = range(0)
        self._bound = ""
        self._find_loop()

    def source(self) -> Source:
        self._weigh_loop()
        names: set[str] = set()
        reads: set[str] | None = set()
        for at, token in enumerate(self._all):
            if token.kind != "name" or token.said in _LITERALS or token.said == "in":
                continue
            if self._sign(at - 1) == ".":
                self._member(at)
            elif self._sign(at + 1) == "(":
                self._among(at, FUNCTIONS, "function")
                given = self._all[at + 2].said if at + 2 < len(self._all) else ""
                if token.said == "lower" and given in LISTS and self._sign(at + 3) == ")":
                    raise ConditionError(f"lower({given}): it takes a text, and {given} holds many values")
            elif self._sign(at + 1) == "{":
                raise ConditionError(f"{token.said}{{…}}: there are no types to make values of")
            elif not (self._bound == token.said and at in self._loop):
                self._name(at)
                names.add(token.said)
                if token.said == "args":
                    argument = self._argument(at)
                    reads = None if reads is None or argument is None else reads | {argument}
        return Source(
            frozenset(names), None if reads is None else frozenset(reads), self._regexes(), self._bound
        )

    def _sign(self, at: int) -> str:
        """The sign at a place; nothing if there is none."""
        return self._all[at].said if 0 <= at < len(self._all) and self._all[at].kind == "sign" else ""

    def _find_loop(self) -> None:
        loops = [
            at
            for at, token in enumerate(self._all)
            if token.kind == "name"
            and token.said in LOOPS
            and self._sign(at + 1) == "("
            and self._sign(at - 1) == "."
        ]
        if len(loops) > 1:
            raise ConditionError(
                f"{len(loops)} loops ({', '.join(self._all[at].said for at in loops)}): one is the most, and none inside "
                "another; make two rules of it"
            )
        for at in loops:
            name = self._all[at + 2] if at + 2 < len(self._all) else Token("", "")
            if name.kind != "name" or self._sign(at + 3) != "," or name.said in (*NAMES, *_LITERALS, "in"):
                raise ConditionError(
                    f"{self._all[at].said}(x, …): its first word is a new name for each value"
                )
            self._bound, self._loop = name.said, range(at + 2, self._pairs[at + 1])

    def _weigh_loop(self) -> None:
        inside = [self._all[at] for at in self._loop]
        reads = sum(token.kind == "name" and token.said in NAMES for token in inside)
        folds = inside.count(Token("name", "lower"))
        if reads > LOOP_NAMES or folds > LOOP_FOLDS or inside.count(Token("sign", "+")) > LOOP_SUMS:
            raise ConditionError(
                f"too much inside the loop: at most {LOOP_NAMES} names, {LOOP_FOLDS} times lower and {LOOP_SUMS} times + "
                "are worked out for each value"
            )

    def _member(self, at: int) -> None:
        """A name behind a dot: a function of a value, or a field of one."""
        before = self._all[at - 2] if at > 1 else Token("sign", "(")
        if before.kind == "sign" and before.said not in (")", "]", "}"):
            raise ConditionError(f".{self._all[at].said}: nothing stands before the dot")
        if self._sign(at + 1) == "(":
            self._among(at, (*METHODS, *LOOPS), "function of a value")
        elif before.said in NAMES and before.said not in LISTS and self._sign(at - 3) != ".":
            raise ConditionError(f"{before.said}.{self._all[at].said}: {before.said} has nothing inside")

    def _among(self, at: int, allowed: tuple[str, ...], what: str) -> None:
        said = self._all[at].said
        if said not in allowed:
            more = " (`map` is not needed: use exists, all or filter)" if said == "map" else ""
            raise ConditionError(f"unknown {what} {said!r}{more}; there are {', '.join(sorted(allowed))}")

    def _name(self, at: int) -> None:
        said = self._all[at].said
        if said not in NAMES and said not in ("string", "int", "double", "bool", "list", "null_type"):
            raise ConditionError(f"unknown name {said!r}; there are {', '.join(NAMES)}")

    def _argument(self, at: int) -> str | None:
        """The argument that a reading of `args` names; None if it names none."""
        if self._sign(at + 1) == "." and self._sign(at + 3) != "(" and at + 2 < len(self._all):
            return self._all[at + 2].said
        if self._sign(at + 1) == "[" and self._sign(at + 3) == "]" and self._all[at + 2].kind == "text":
            text = self._all[at + 2].said
            return None if "\\" in text or text[0] in "rR" else text[1:-1]
        return None

    def _regexes(self) -> tuple[str, ...]:
        found = []
        for at, token in enumerate(self._all):
            if token != ("name", "matches") or self._sign(at - 1) != ".":
                continue
            pattern = self._all[at + 2] if at + 2 < len(self._all) else Token("", "")
            if pattern.kind != "text" or self._sign(at + 3) != ")":
                raise ConditionError(
                    'matches("…") takes one written text: no value may be a regular expression'
                )
            if at in self._loop:
                raise ConditionError("matches(…) inside a loop: use contains, startsWith or endsWith there")
            if len(pattern.said) > REGEX_CHARS or "{" in pattern.said:
                raise ConditionError(
                    f"a regular expression has at most {REGEX_CHARS} characters, and no counts in {{}}"
                )
            found.append(pattern.said)
        if len(found) > REGEXES:
            raise ConditionError(
                f"{len(found)} regular expressions, more than {REGEXES}: make two rules of it"
            )
        return tuple(found)


def _pairs(tokens: list[Token]) -> dict[int, int]:
    """Return for each opening bracket the place of its closing one."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for at, (kind, said) in enumerate(tokens):
        if kind != "sign":
            continue
        if said in _OPEN:
            waiting.append(at)
            if len(waiting) > NESTING:
                raise ConditionError(f"brackets within brackets more than {NESTING} times")
        elif said in _OPEN.values():
            if not waiting or _OPEN[tokens[waiting[-1]].said] != said:
                raise ConditionError(f"{said!r} closes nothing")
            pairs[waiting.pop()] = at
    if waiting:
        raise ConditionError(f"{tokens[waiting[-1]].said!r} is never closed")
    return pairs
