"""Explains why Dynamo compiled a function again, from the guard that failed.

The wording of guards differs between versions of PyTorch. What is not recognised is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.worker.wire.evidence import AFTER_BREAK, FIRST, Cause

UNKNOWN = Cause("type", "a guard failed", "TORCH_LOGS=recompiles shows which")
_ADVICE = {
    "shape": "keep the shape fixed (pad it), or leave it open: torch._dynamo.mark_dynamic, torch.compile(dynamic=True)",
    "rank": "convert it to one rank before the call",
    "dtype": "convert it to one dtype before the call",
    "value": "pass a tensor",
    "object": "pass the same object each time, and make functions and modules once, outside the loop",
    "context": "call it in the same context: grad mode, autocast, device",
}
_TENSOR = re.compile(r"tensor '(?P<place>.+?)' (?P<what>[\w ]+?) mismatch(?: at index \d+)?\.? expected (?P<more>.+)")
_RESUMED = re.compile(r"torch_dynamo_resume_in_(?P<name>\w+)_at_(?P<line>\d+)")
_LOCAL = re.compile(r"L\['(\w+)'\]")
_KINDS = {"size": "shape", "stride": "shape", "rank": "rank", "dtype": "dtype", "requires_grad": "context"}
_LONGEST = 120
"""Maximum number of characters that are quoted of a guard."""


def explain(compile_id: str, reason: str | None) -> Cause:
    """Return the cause of a tracing. Compile ids end with how often the function has been compiled before."""
    number = compile_id.partition("/")[2].partition("_")[0]
    if number in ("", "0"):
        return FIRST
    if not reason:
        return UNKNOWN
    # One line for each earlier compilation, the latest first; comments follow the guard.
    line = reason.strip().splitlines()[0]
    guard = re.sub(r"^\d+/\d+: *", "", line).partition("  # ")[0].strip()
    tensor = _TENSOR.search(guard)
    if tensor:
        kind = _KINDS.get(tensor["what"].strip(), "type")
        before, _, now = tensor["more"].partition(", actual ")
        place = _LOCAL.sub(r"\1", tensor["place"])
        return Cause(
            kind, f"argument {place}: {tensor['what'].strip()} {before} -> {now.rstrip('.')}", _ADVICE.get(kind)
        )
    kind = _choose_kind(guard)
    advice = "pass the same value each time" if kind == "value" and _is_text(guard) else _ADVICE.get(kind)
    text = _LOCAL.sub(r"\1", guard)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return Cause(kind, f"this no longer held: {text}", advice)


def explain_skip(error: str, reason: str | None) -> Cause | None:
    """Return why a function runs without compilation, from the error that its tracing ended with; None if that has
    another report of its own: it was compiled too often."""
    if "Limit" in error or "limit" in _first_line(reason):
        return None
    return Cause("skipped", _first_line(reason) or error, _advise(reason or ""))


def explain_break(reasons: Iterable[str]) -> Cause | None:
    """Return why a graph breaks, from the reasons for which Dynamo began again; None if it does not break.

    It also begins again for reasons of its own, which are named by a class.
    """
    known = sorted(reason for reason in reasons if not reason.startswith("<class"))
    return Cause("break", _first_line(known[0]), _advise(known[0])) if known else None


def _first_line(reason: str | None) -> str:
    line = (reason or "").strip().partition("\n")[0]
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _advise(reason: str) -> str | None:
    """Return what captures a gradient, if that is what was not captured. PyTorch names the option if it has it."""
    if "trace_autograd_ops" in reason:
        return "set torch._dynamo.config.trace_autograd_ops = True, which captures torch.autograd.grad"
    if "autograd.grad" in reason:
        return "derive with torch.func (grad, jacrev, vmap), which is captured"
    if "compiler.disable" in reason:
        return "leave out torch.compiler.disable, or do not compile what is around it"
    return None


def _is_text(guard: str) -> bool:
    return guard.endswith(("'", '"'))


def _choose_kind(guard: str) -> str:
    if "obj_id" in guard or "check_obj" in guard or "id(" in guard:
        return "object"
    if "type" in guard:
        return "type"
    if "len(" in guard or "size" in guard or ".shape" in guard or "Eq(" in guard:
        return "shape"
    if "grad" in guard or "GLOBAL_STATE" in guard or "autocast" in guard:
        return "context"
    return "value" if "==" in guard else "type"


def name_function(name: str) -> str:
    """Return a function's name, and for what follows a graph break in it, where that is."""
    found = _RESUMED.fullmatch(name)
    return f"{found['name']}{AFTER_BREAK}{found['line']}" if found else name
