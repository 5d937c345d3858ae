"""Reads the values of commands' parameters without pydantic, where they need no conversion.

Typer builds a validator of pydantic for each parameter, also for what was not given; loading pydantic takes a tenth of
a command's CPU time, and memory for as long as `run` runs.
"""

from pathlib import Path
from typing import Any

from typer import core
from typer._click import Context
from typer._coercion import RuntimeParam, TypeDescriptor, build_runtime_param


class _ParameterAsGiven(RuntimeParam):
    """Takes text and default paths as they are, and leaves everything else to Typer."""

    def _coerce_value(self, value: Any, param: Any, ctx: Context) -> Any:
        if self.annotation in (str, Path) and isinstance(value, self.annotation) and not self.parameter_info.parser:
            return value
        return build_runtime_param(param.type_descriptor).coerce(value, param, ctx)


def _as_given(descriptor: TypeDescriptor) -> RuntimeParam:
    return _ParameterAsGiven(descriptor.parameter_info, descriptor.annotation)


def read_as_given() -> None:
    """Let Typer read parameters in this way."""
    vars(core)["build_runtime_param"] = _as_given
