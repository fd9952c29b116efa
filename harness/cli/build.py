"""A command's options -> a function with that signature, as the parser of command lines wants it."""

from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter, Signature
from typing import Any

import typer

from harness.cli import dispatch
from harness.cli.options import OPTIONS, Memory
from harness.commands.base import Command
from harness.plan.request import Request

_FIELDS = {field.name for field in fields(Request)}


def add(app: typer.Typer, command: Command) -> None:
    app.command(command.name, help=command.help)(_function(command))


def _function(command: Command) -> Callable[..., None]:
    def carry_out(context: typer.Context, **given: Any) -> None:
        asked = {name: value for name, value in given.items() if name in _FIELDS}
        output = {name: value for name, value in given.items() if name not in (*_FIELDS, "variant")}
        names = [*_listed(given.get("names")), *_listed(given.get("variant"))]
        request = Request(**{name: _field(value) for name, value in asked.items()} | {"names": tuple(names)})
        dispatch.carry_out(command, request, dispatch.Output(**output), context)

    parameters = [Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    for option in command.options:
        name, key = option if isinstance(option, tuple) else (option, option)
        kind, default = OPTIONS[key]
        missing = Parameter.empty if default is ... else default
        parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=missing))
    carry_out.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    carry_out.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    carry_out.__name__ = command.name
    return carry_out


def _listed(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def _field(value: Any) -> Any:
    """As a request has it."""
    if isinstance(value, Memory):
        return value is Memory.EXACT
    return tuple(value) if isinstance(value, list) else value
