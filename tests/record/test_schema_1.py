"""Records of the first schema are read as those of the present one."""

import gzip
import json
from pathlib import Path

import pytest

from harness.errors import BadRecord
from harness.record import evidence, schema_1
from harness.record.schema import SCHEMA
from harness.record.store import read
from harness.report.wording.machine import findings
from harness.worker.wire.evidence import (
    Cause,
    Compilation,
    MemoryUse,
    OperationsUse,
    OperationUse,
    PhaseUse,
    Trace,
)

REPORTS = Path(__file__).parents[2] / "reports"
HEADER = """\
{"line":"header","schema":1,"run":"old","started":"2026-01-02T03:04:05+01:00","plan":{"command":"profile","arms":\
[{"label":"moments","variant":"moments","settings":{"nodes":41}}],"baseline":"moments","case":"case1","scale":"smoke",\
"epochs":4,"blocks":2,"seed":0,"threads":1},"machine":{"cores":2,"tensorflow":"2.21.0 (cp311-manylinux)","onednn":"0"},\
"versions":{"python":"3.11"},"commit":null}"""
SLICE = """\
{"line":"slice","block":0,"group":0,"round":0,"position":0,"arm":"moments","epochs":[{"index":0,"kind":"data",\
"wall":1.5,"cpu":2.5,"losses":{"data":0.25,"physics":null},"traces":[{"function":"Pinn.step","where":"pinn.py:12",\
"seconds":0.75,"cause":{"sort":"shape","text":"argument x: shape (1,) -> (2,)","advice":"keep the shape fixed"},\
"phase":"step"},{"function":"<lambda>","where":"?"}],"first":true,"sizes":{"batch_points":64.0},"compiles":\
[{"function":"step","where":"pinn.py:3","seconds":0.5},{"function":"step","where":"pinn.py:3","seconds":0.25,\
"again":true}],"phases":[["",1,0.5,1.5,9000],["step",2,1.0,1.0,null]],"memory":[9000,8000,null],"operations":\
[["MatMul","physics",3,0.25],["(others)","",7,0.125]],"busy":0.375},{"index":1,"kind":"data","wall":0.5,"cpu":0.5,\
"losses":{}}],"idle":[0.5,0.01],"probe":"operations"}"""
END = """\
{"line":"arm end","block":0,"group":0,"arm":"moments","status":"ok","unavailable":{"traces":"TensorFlow was not \
loaded"}}"""
STORED = """\
{"line":"stored","run":"older","arm":"moments","seconds":{"epoch_time data":0.002},"epochs":[{"index":0,"kind":"data",\
"wall":0.5,"cpu":0.5,"losses":{},"traces":[{"function":"step","where":"?","seconds":null,"cause":{"sort":"first",\
"text":"its first tracing"}}]}]}"""
TRACES = [
    Trace(
        "Pinn.step",
        "pinn.py:12",
        0.75,
        Cause("shape", "argument x: shape (1,) -> (2,)", "keep the shape fixed"),
        "step",
    ),
    Trace("<lambda>", "?"),
]


@pytest.fixture
def record(tmp_path):
    def of(*lines):
        (tmp_path / "run.jsonl").write_text("".join(f"{line}\n" for line in lines))
        return read(tmp_path)

    return of


def header(**machine):
    """The header, of a machine with these facts."""
    return json.dumps(json.loads(HEADER) | {"machine": machine})


def test_the_present_schema_is_the_one_after_it():
    assert (schema_1.SCHEMA, SCHEMA) == (1, 2)


def test_evidence_of_each_probe_is_kept_under_its_name(record):
    found = record(HEADER, SLICE)
    assert found.header.schema == SCHEMA
    (piece,) = found.watched
    seen, bare = piece.epochs
    assert (seen.index, seen.kind, seen.wall, seen.cpu, seen.first) == (0, "data", 1.5, 2.5, True)
    assert seen.losses == {"data": 0.25, "physics": None}
    assert seen.sizes == {"batch_points": 64.0}
    assert evidence.traces(seen) == TRACES
    assert evidence.compilations(seen) == [
        Compilation("step", "pinn.py:3", 0.5, recompiled=False, compiler="XLA"),
        Compilation("step", "pinn.py:3", 0.25, recompiled=True, compiler="XLA"),
    ]
    assert evidence.phases(seen) == [PhaseUse("", 1, 0.5, 1.5, 9000), PhaseUse("step", 2, 1.0, 1.0)]
    assert evidence.memory(seen) == MemoryUse(9000, 8000, None)
    assert evidence.operations(seen) == [
        OperationUse("MatMul", "physics", 3, 0.25),
        OperationUse("(others)", "", 7, 0.125),
    ]
    assert evidence.busy(seen) == 0.375
    assert all(type(use) is OperationUse for use in evidence.operations(seen))
    assert type(seen.evidence["operations"]) is OperationsUse
    assert bare.evidence == {}
    assert piece.idle == (0.5, 0.01)


def test_reads_epochs_of_an_earlier_run(record):
    (stored,) = record(HEADER, STORED).stored
    (epoch,) = stored.epochs
    assert evidence.traces(epoch) == [Trace("step", "?", None, Cause("first", "its first tracing"))]


def test_no_compilations_without_traces(record):
    found = record(HEADER, END)
    reasons = dict.fromkeys(["traces", "compilations"], "TensorFlow was not loaded")
    assert found.unavailable("moments") == found.ends[0].unavailable == reasons


def test_other_reasons_apply_to_traces_only(record):
    other = END.replace("TensorFlow was not loaded", "nobody looked")
    assert record(HEADER, other).unavailable("moments") == {"traces": "nobody looked"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"cores": 2, "tensorflow": "2.21.0", "onednn": "0"},
            {"cores": 2, "frameworks": {"TensorFlow": "2.21.0"}, "framework_settings": {"TF_ENABLE_ONEDNN_OPTS": "0"}},
        ),
        ({"tensorflow": None, "onednn": None}, {"frameworks": {}, "framework_settings": {}}),
        ({"cores": 2}, {"cores": 2}),
    ],
)
def test_tensorflow_fields_become_framework_fields(record, old, new):
    facts = record(header(**old)).header.machine
    assert facts == new
    shown = {finding.what for finding in findings(facts)}
    assert {"frameworks", "framework settings"} & shown == {name.replace("_", " ") for name in new if name != "cores"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (SLICE.replace('"wall":1.5', '"wall":0.0'), "line 2: .*wall"),
        (SLICE.replace('"seconds":0.75', '"seconds":"long"'), "line 2: .*traces.*seconds"),
        (SLICE.replace('"sort":"shape",', ""), "line 2: .*traces.*kind"),
        (SLICE.replace('[["MatMul",', "[[7,"), "line 2: .*operations"),
        (SLICE.replace('"memory":[9000,8000,null]', '"memory":5'), "line 2: .*memory"),
        (SLICE.replace('"traces":[', '"traces":["no trace",'), "line 2: .*traces"),
        ('{"line":"slice","epochs":7}', "line 2"),
        ("[]", "line 2"),
        ('{"line":["slice"]}', "line 2"),
    ],
)
def test_rejects_unreadable_lines_by_number(record, line, sentence):
    with pytest.raises(BadRecord, match=sentence):
        record(HEADER, line)


COMMITTED = sorted(REPORTS.rglob("run.jsonl.gz"))


@pytest.mark.parametrize("file", COMMITTED, ids=[str(file.parent.relative_to(REPORTS)) for file in COMMITTED])
def test_reads_every_committed_record(file):
    found = read(file.parent)
    lines = gzip.decompress(file.read_bytes()).splitlines()
    assert found.header.schema == SCHEMA
    assert not found.partial
    epochs = [epoch for piece in (*found.slices, *found.watched) for epoch in piece.epochs]
    names = {name for epoch in epochs for name in epoch.evidence}
    assert names <= set(evidence.TYPES)
    traced = sum(text.count(b'"where":') for text in lines if b'"line":"slice"' in text)
    again = [one for epoch in epochs for one in (*evidence.traces(epoch), *evidence.compilations(epoch))]
    assert len(again) == traced > 0
    assert all(type(use) is PhaseUse for epoch in epochs for use in evidence.phases(epoch))
    assert all(trace.cause is None or trace.cause.kind for epoch in epochs for trace in evidence.traces(epoch))


def test_there_are_committed_records():
    assert COMMITTED
