"""Records of the first schema, read as those of the present one.

There an epoch had a field for what each probe saw, a cause its `sort`, and the facts of a machine what was known of
TensorFlow alone.
"""

from typing import Any

from harness.worker.wire.evidence import COMPILATIONS, MEMORY, OPERATIONS, PHASES, TRACES

SCHEMA = 1
_TRACED_NOTHING = "TensorFlow was not loaded"
"""What was written of traces alone at first, when it was true of compilations as well."""


def upgraded(line: dict[str, Any]) -> dict[str, Any]:
    """A line as JSON has it, in place. What is no line of a record stays what it is, to be refused as that."""
    match line.get("line"):
        case "header":
            _header(line)
        case "slice" | "stored":
            for epoch in _dicts(line.get("epochs")):
                _epoch(epoch)
    if isinstance(line.get("unavailable"), dict):
        _unavailable(line["unavailable"])
    return line


def _header(line: dict[str, Any]) -> None:
    line["schema"] = SCHEMA + 1
    facts = line.get("machine")
    if isinstance(facts, dict):
        if "tensorflow" in facts:
            build = facts.pop("tensorflow")
            facts["frameworks"] = {"TensorFlow": build} if isinstance(build, str) else {}
        if "onednn" in facts:
            setting = facts.pop("onednn")
            facts["framework_settings"] = {} if setting is None else {"TF_ENABLE_ONEDNN_OPTS": setting}


def _epoch(epoch: dict[str, Any]) -> None:
    for trace in _dicts(epoch.get("traces")):
        if isinstance(trace.get("cause"), dict):
            trace["cause"]["kind"] = trace["cause"].pop("sort", None)
    for one in _dicts(epoch.get("compiles")):
        one["recompiled"] = one.pop("again", False)
        one["compiler"] = "XLA"
    evidence = {
        TRACES: epoch.pop("traces", None),
        COMPILATIONS: epoch.pop("compiles", None),
        PHASES: epoch.pop("phases", None),
        MEMORY: epoch.pop("memory", None),
    }
    operations, busy = epoch.pop("operations", None), epoch.pop("busy", None)
    if operations or busy is not None:
        evidence[OPERATIONS] = {"uses": operations or [], "busy": 0.0 if busy is None else busy}
    found = {name: value for name, value in evidence.items() if value}
    if found:
        epoch["evidence"] = found


def _unavailable(reasons: dict[str, Any]) -> None:
    if reasons.get(TRACES) == _TRACED_NOTHING:
        reasons.setdefault(COMPILATIONS, _TRACED_NOTHING)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
