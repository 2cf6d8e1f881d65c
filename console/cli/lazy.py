"""A command group that loads a command's module only when that command runs."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple, NoReturn

import click

from console.cli.exits import CliError, Exit, complain, explain
from console.cli.outlet import drop, reason, takes


class Entry(NamedTuple):
    """Where a command is, as `module:attribute`, and its line in the help."""

    target: str
    summary: str


class _EndedError(Exception):
    """The verb was ended from outside; nothing is to be said about it."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.name)
        self.code = code


class LazyGroup(click.Group):
    """A group whose help needs no command loaded, and whose every error is one line on standard error."""

    def __init__(self, *args: Any, table: dict[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table: Final = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command.

        Raises:
            CliError: it belongs to a part that is not installed.
        """
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        try:
            command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            raise CliError(Exit.USAGE, f"{cmd_name}: this installation lacks {error.name}") from None
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the table into the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.table.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what click would answer in its own way reaches `main` under our names.

        Raises:
            _EndedError: an interrupt, or nobody reads our output any more.
            CliError: our output takes nothing.
        """
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            raise _EndedError(Exit.INTERRUPTED) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                drop(sys.stdout)
                raise _EndedError(Exit.PIPE) from None
            if takes(sys.stdout):
                raise
            drop(sys.stdout)
            raise CliError(Exit.USAGE, f"standard output takes nothing ({reason(error)})") from None
        return result

    def _named(self, args: Sequence[str] | None) -> str:
        """The command that a command line names, for what its parser says without naming it."""
        said = sys.argv[1:] if args is None else args
        return " ".join(["watchfloor", *[one for one in said if one in self.table][:1]])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run a command line and end the process with its exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except Exception as error:  # noqa: BLE001 - turned into a line, or raised again
            _end(error, self._named(args))
        sys.exit(result if isinstance(result, int) else Exit.DONE)


def _end(error: Exception, named: str) -> NoReturn:
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            sys.exit(Exit.USAGE)
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else named
            complain(f"{error.format_message().rstrip('.')} (see: {path} --help)")
            sys.exit(Exit.USAGE)
        case click.ClickException():
            complain(error.format_message())
            sys.exit(Exit.USAGE)
        case CliError():
            complain(str(error))
            sys.exit(error.code)
        case click.Abort():
            sys.exit(Exit.INTERRUPTED)
        case _EndedError():
            sys.exit(error.code)
    known = explain(error)
    if known is None:
        raise error
    complain(str(known))
    sys.exit(known.code)
