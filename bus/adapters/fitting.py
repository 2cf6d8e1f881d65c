"""Does an operator's edit fit the tool? Most frameworks check arguments before our gate, and none after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fit = Callable[[dict[str, Any]], Any]
"""Takes edited arguments and returns them as the tool wants them.

Raises:
    ValueError: they do not fit; the text says why.
"""


def by_schema(schema: Mapping[str, Any] | None) -> Fit:
    """Return what holds arguments against a JSON schema; an edit of a tool without one fits nothing."""

    def fit(args: dict[str, Any]) -> dict[str, Any]:
        if schema is None:
            raise ValueError("the tool has no schema to hold an edit against")
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry
        from referencing.exceptions import Unresolvable

        # An empty registry: a schema that points elsewhere must not make this process fetch anything.
        judge = validator_for(schema, default=Draft202012Validator)
        try:
            judge.check_schema(dict(schema))
            errors = sorted(
                judge(dict(schema), registry=Registry()).iter_errors(args),
                key=lambda e: list(map(str, e.path)),
            )
        except (SchemaError, Unresolvable) as error:
            raise ValueError(f"the tool's schema cannot be used: {error}") from None
        if errors:
            where = "/".join(map(str, errors[0].path))
            raise ValueError(f"{where}: {errors[0].message}" if where else errors[0].message)
        return args

    return fit
