import msgspec
from epochs import epoch_of
from simulated import trained

from harness.analysis.epochs.observed import COMPILATIONS, TRACES, why_unobserved
from harness.record import schema_1
from harness.record.schema import ArmEnd, ArmReady, Slice
from harness.worker.wire.evidence import Compilation, Trace
from harness.worker.wire.messages import Description

WHY = {"traces": "those of JAX are not observed", "compilations": "those of JAX are not observed"}


def run(*lines, events=False):
    record = trained({"a": []})
    epoch = epoch_of(
        0, "epoch", 0.1, 0.1, {}, [Trace("f", "x.py:1")] * events, compilations=[Compilation("f", "?", 1.0)] * events
    )
    for line in (Slice(block=0, group=0, round=1, position=0, arm="a", epochs=[epoch]), *lines):
        record.add(line)
    return record


def ready(unavailable, block=0):
    return ArmReady(
        block=block,
        group=0,
        arm="a",
        pid=1,
        build_seconds=1.0,
        description=Description(False, []),
        environment={},
        versions={},
        unavailable=unavailable,
    )


def reasons(record):
    return {what: why for what in (TRACES, COMPILATIONS) if (why := why_unobserved(record, "a", what))}


def test_uses_what_a_process_reported_at_exit():
    assert reasons(run(ArmEnd(block=0, group=0, arm="a", status="ok", unavailable=WHY))) == WHY
    assert reasons(run(ready(WHY), ArmEnd(block=0, group=0, arm="a", status="ok"))) == {}
    assert reasons(run(ArmEnd(block=0, group=0, arm="a", status="ok"))) == {}


def test_uses_the_report_at_build_for_an_interrupted_run():
    assert reasons(run(ready(WHY))) == WHY
    assert reasons(run(ready({}))) == {}


def test_observed_in_one_process_is_observed():
    assert reasons(run(ready(WHY), ready(WHY, block=1), events=True)) == {}


def test_reasons_for_traces_in_old_records_apply_to_compilations():
    old = {"traces": "TensorFlow was not loaded"}
    line = {"line": "arm end", "block": 0, "group": 0, "arm": "a", "status": "ok", "unavailable": dict(old)}
    end = msgspec.convert(schema_1.upgrade(line), ArmEnd)
    assert reasons(run(end)) == old | {"compilations": old["traces"]}
