"""Turns a command's options into a function with that signature, which typer parses the command line for."""

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
    """Add a command to the application."""
    app.command(command.name, help=command.help)(_make_function(command))


def _make_function(command: Command) -> Callable[..., None]:
    def carry_out(context: typer.Context, **given: Any) -> None:
        fields = {name: value for name, value in given.items() if name in _FIELDS and value is not None}
        output = {name: value for name, value in given.items() if name not in (*_FIELDS, "variant")}
        names = [*_convert_to_list(given.get("names")), *_convert_to_list(given.get("variant"))]
        request = Request(
            **{name: _convert_to_field(value) for name, value in fields.items()} | {"names": tuple(names)}
        )
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


def _convert_to_list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def _convert_to_field(value: Any) -> Any:
    """An option's value as the type that `Request` has."""
    if isinstance(value, Memory):
        return value is Memory.EXACT
    return tuple(value) if isinstance(value, list) else value
