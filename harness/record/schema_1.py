"""Convert lines of records in schema 1 to the present schema.

In schema 1 an epoch had one field for the evidence of each probe, the kind of a cause was called `sort`, and the facts
of a machine covered only TensorFlow.
"""

from typing import Any

from harness.worker.wire.evidence import COMPILATIONS, MEMORY, OPERATIONS, PHASES, TRACES

SCHEMA = 1
_TRACED_NOTHING = "TensorFlow was not loaded"
"""A reason that schema 1 gave for missing traces only, although it also applied to compilations."""


def upgrade(line: dict[str, Any]) -> dict[str, Any]:
    """Upgrade a line, a decoded JSON object, in place and return it.

    An object that is not a valid line is left as it is, so that the decoder rejects it with its own message.
    """
    match line.get("line"):
        case "header":
            _upgrade_header(line)
        case "slice" | "stored":
            for epoch in _select_dicts(line.get("epochs")):
                _upgrade_epoch(epoch)
    if isinstance(line.get("unavailable"), dict):
        _upgrade_reasons(line["unavailable"])
    return line


def _upgrade_header(line: dict[str, Any]) -> None:
    line["schema"] = SCHEMA + 1
    facts = line.get("machine")
    if isinstance(facts, dict):
        if "tensorflow" in facts:
            build = facts.pop("tensorflow")
            facts["frameworks"] = {"TensorFlow": build} if isinstance(build, str) else {}
        if "onednn" in facts:
            setting = facts.pop("onednn")
            facts["framework_settings"] = {} if setting is None else {"TF_ENABLE_ONEDNN_OPTS": setting}


def _upgrade_epoch(epoch: dict[str, Any]) -> None:
    for trace in _select_dicts(epoch.get("traces")):
        if isinstance(trace.get("cause"), dict):
            trace["cause"]["kind"] = trace["cause"].pop("sort", None)
    for compilation in _select_dicts(epoch.get("compiles")):
        compilation["recompiled"] = compilation.pop("again", False)
        compilation["compiler"] = "XLA"
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


def _upgrade_reasons(reasons: dict[str, Any]) -> None:
    if reasons.get(TRACES) == _TRACED_NOTHING:
        reasons.setdefault(COMPILATIONS, _TRACED_NOTHING)


def _select_dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
