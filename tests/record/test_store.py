import gzip
import json
from math import inf, nan
from pathlib import Path

import msgspec
import pytest
from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, BadRecord
from harness.plan.plan import Arm, Plan
from harness.record import store
from harness.record.schema import (
    SCHEMA,
    ArmEnd,
    ArmReady,
    BlockAgain,
    BlockEnd,
    BlockStart,
    Evaluation,
    Footer,
    Header,
    Look,
    LookReason,
    Objective,
    Resume,
    Slice,
    Stored,
    Work,
)
from harness.worker.wire.evidence import Trace
from harness.worker.wire.messages import Description, Segment

PLAN = Plan(
    command="compare",
    arms=(Arm("moments", "moments", {"nodes": 41}),),
    baseline="moments",
    case="case1",
    scale="smoke",
    epochs=4,
    blocks=2,
    seed=0,
    threads=1,
)
HEADER = Header(
    schema=SCHEMA,
    run="run-1",
    started="2026-01-02T03:04:05+01:00",
    plan=PLAN,
    machine={"cores": 2},
    versions={"python": "3.11"},
    commit=None,
)
EPOCHS = [
    epoch_of(
        0, "data", 1.5, 2.5, {"data": 0.25}, [Trace("Pinn.step", "pinn.py:12", 0.75), Trace("<lambda>", "?")], True
    ),
    epoch_of(1, "data", 0.5, 0.9, {"data": None, "physics": 1e-300}, sizes={"batch_points": 64.0}),
]
SEGMENTS = [Segment("data", 0, 4, {"batch_points": 64.0})]
LINES = [
    HEADER,
    BlockStart(0, 0, ["moments"]),
    ArmReady(
        block=0,
        group=0,
        arm="moments",
        pid=9,
        build_seconds=3.5,
        description=Description(True, SEGMENTS),
        environment={"cores": "0"},
        versions={"numpy": "2"},
    ),
    Slice(block=0, group=0, round=0, position=0, arm="moments", epochs=EPOCHS),
    Slice(block=0, group=0, round=1, position=0, arm="moments", epochs=[]),
    Evaluation(0, 0, "moments", 2, {"error": 0.5, "other": None}),
    ArmEnd(
        block=0,
        group=0,
        arm="moments",
        status="failed",
        reason="ValueError: \u2620 no\nnewline is left bare",
        moment="in epoch 2",
        last_lines=["last", "words"],
        peak_rss_bytes=10,
        peak_tensor_bytes=20,
    ),
    ArmEnd(block=1, group=0, arm="moments", status="ok"),
    Objective(1, 0, "moments", {"data": 0.5, "physics": None}),
    Work(
        block=1,
        group=0,
        arm="moments",
        flops={"data": 1e9},
        unavailable="no tf.function was called",
        gemm_flops_per_second=2e11,
        sources={"train.py": {9: "    loss = net(x)"}},
    ),
    BlockEnd(0, 12.5),
    Look(0, True, LookReason.UNSURE, ["b"], 2),
    Slice(block=1, group=0, round=0, position=0, arm="moments", epochs=[]),
    Resume("2026-01-02T03:04:55+01:00", {"cores": 2}, "abc"),
    ArmReady(
        block=1,
        group=0,
        arm="moments",
        pid=9,
        build_seconds=0.5,
        description=Description(False, []),
        environment={},
        versions={},
        started="forked",
    ),
    BlockAgain(1, "the process from which arms are forked hung up"),
    Stored(
        run="earlier",
        arm="moments",
        seconds={"epoch_time data": 0.002},
        epochs=[],
        peak_rss_bytes=10**9,
        flops={"data": 1e9},
        metrics={"error": 0.1},
    ),
    Footer("complete", "2026-01-02T03:05:05+01:00"),
]


class Whole(store.Record):
    """A record that also keeps its lines unchanged."""

    def __init__(self, lines=()):
        self.lines = []
        super().__init__(lines)

    def add(self, line):
        self.lines.append(line)
        super().add(line)


@pytest.fixture(autouse=True)
def whole(monkeypatch):
    monkeypatch.setattr(store, "Record", Whole)


def write(directory, lines=LINES):
    with store.Writer(directory) as writer:
        for line in lines:
            writer.write(line)
    return directory / store.FILE_NAME


@pytest.fixture
def path(tmp_path):
    return write(tmp_path)


def refusal(place):
    with pytest.raises(BadRecord) as caught:
        store.read(place)
    return str(caught.value)


def rewritten(path, number, **fields):
    """The record with these fields of line `number` replaced, or left out where `...`."""
    lines = path.read_bytes().splitlines()
    line = json.loads(lines[number - 1]) | fields
    lines[number - 1] = json.dumps({name: value for name, value in line.items() if value is not ...}).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


# What is written is read back


def test_every_line_type_survives_a_round_trip(path):
    assert {type(line) for line in LINES} == set(store.Line.__args__)
    assert store.read(path).lines == LINES
    assert len(path.read_bytes().splitlines()) == len(LINES)


def test_reads_a_record_from_its_file_or_directory(path, tmp_path):
    assert store.read(tmp_path).lines == store.read(str(tmp_path)).lines == store.read(path).lines == LINES


def test_reads_a_compressed_record(path, tmp_path):
    packed = tmp_path / "packed" / "run.jsonl.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert store.read(packed).lines == store.read(packed.parent).lines == LINES
    packed.write_bytes(packed.read_bytes()[:-9])
    assert (
        refusal(packed)
        == f"{packed} cannot be unpacked: Compressed file ended before the end-of-stream marker was reached."
    )
    packed.write_bytes(path.read_bytes())
    assert refusal(packed) == f"{packed} cannot be unpacked: Not a gzipped file (b'{{\"')."


def test_does_not_trust_the_size_claimed_by_a_compressed_record(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_UNPACKED", 999)
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress(bytes(1000)))
    assert refusal(packed) == f"{packed} holds more than 999 bytes: unpack it, and give the file."


def test_lines_are_sorted_by_type(tmp_path):
    read = store.read(write(tmp_path, [line for line in LINES if not isinstance(line, Resume | BlockAgain)]))
    assert (read.header, read.plan) == (HEADER, PLAN)
    assert read.ready == [LINES[2], LINES[14]]
    assert read.slices == [*LINES[3:5], LINES[12]]
    assert read.evaluations == LINES[5:6]
    assert read.ends == LINES[6:8]
    assert read.objectives == LINES[8:9]
    assert read.works == LINES[9:10]
    assert read.blocks_done == [BlockEnd(0, 12.5)]
    assert read.looks == LINES[11:12]
    assert read.footer == LINES[-1]


def test_finds_how_an_arm_failed(path):
    read = store.read(path)
    assert read.failure("moments") == LINES[6]
    assert read.failure("original") is None
    assert store.Record([HEADER, LINES[7]]).failure("moments") is None


@pytest.mark.parametrize(
    ("lines", "partial"),
    [
        (LINES, False),
        (LINES[:-1], True),
        (LINES[:1], True),
        ([*LINES[:-1], Footer("interrupted", "now")], True),
    ],
)
def test_a_record_is_partial_until_marked_complete(lines, partial):
    assert store.Record(lines).partial is partial


@pytest.mark.parametrize(
    "line",
    [
        Slice(block=0, group=0, round=1, position=0, arm="other", epochs=[]),
        Evaluation(0, 0, "other", 1, {}),
        Objective(0, 0, "other", {}),
        Work(block=0, group=0, arm="other", flops={}),
        Stored(run="earlier", arm="other", seconds={}, epochs=[]),
        ArmEnd(block=0, group=0, arm="other", status="ok"),
        BlockStart(0, 0, ["other"]),
    ],
)
def test_rejects_a_line_of_an_unplanned_arm(tmp_path, line):
    with pytest.raises(BadRecord, match="line 2: the plan has no arm 'other'"):
        store.read(write(tmp_path, [HEADER, line]))


def test_rejects_an_epoch_of_zero_duration(tmp_path):
    with pytest.raises(BadRecord, match=r"line 2: .*wall"):
        store.read(
            write(
                tmp_path,
                [
                    HEADER,
                    Slice(
                        block=0, group=0, round=1, position=0, arm="moments", epochs=[epoch_of(0, "data", 0.0, 1.0, {})]
                    ),
                ],
            )
        )


@pytest.mark.parametrize("loss", [nan, inf, -inf])
def test_nonfinite_losses_are_stored_as_none(tmp_path, loss):
    path = write(
        tmp_path,
        [
            HEADER,
            Slice(
                block=0,
                group=0,
                round=0,
                position=0,
                arm="moments",
                epochs=[epoch_of(0, "data", 1.0, 1.0, {"x": loss, "y": 2.0})],
            ),
        ],
    )
    assert store.read(path).slices[0].epochs[0].losses == {"x": None, "y": 2.0}


def test_lines_are_on_disk_as_soon_as_written(tmp_path):
    with store.Writer(tmp_path) as writer:
        for count, line in enumerate(LINES, start=1):
            writer.write(line)
            assert store.read(tmp_path).lines == LINES[:count]


# The writer


def test_writer_creates_its_directory(tmp_path):
    assert store.read(write(tmp_path / "a" / "b")).lines == LINES


def test_never_overwrites_a_run(path, tmp_path):
    before = path.read_bytes()
    with pytest.raises(BadInput, match="already holds a run: give --out another directory"):
        store.Writer(tmp_path)
    assert path.read_bytes() == before


def test_rejects_an_unusable_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file/below cannot hold a run: Not a directory\."):
        store.Writer(tmp_path / "file" / "below")
    with pytest.raises(BadInput, match=r"file cannot hold a run: it is a file\."):
        store.Writer(tmp_path / "file")


def test_a_writer_closes_its_file_when_the_run_raises(tmp_path):
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KeyboardInterrupt), store.Writer(tmp_path) as writer:
        writer.write(HEADER)
        raise KeyboardInterrupt
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
    assert store.read(tmp_path).partial


# Cut off


def test_reads_a_record_truncated_at_any_byte_to_its_last_complete_line(path):
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        whole = data[:size].count(b"\n")
        if whole == 0:
            assert "has no complete line: it is not a record, or its run ended before it began." in refusal(path)
        else:
            read = store.read(path)
            assert read.lines == LINES[:whole]
            assert read.partial


# Refused


@pytest.mark.parametrize(
    ("number", "fields", "sentence"),
    [
        (1, {"plan": ...}, "line 1: Object missing required field `plan`."),
        (1, {"schema": "1"}, "line 1: Expected `int`, got `str` - at `$.schema`."),
        (1, {"schema": 3}, "line 1: field 'schema' is 3; this version reads schemas 1 and 2."),
        (1, {"schema": 3, "plan": ..., "request": {}}, "field 'schema' is 3; this version reads schemas 1 and 2."),
        (1, {"plan": {"command": 3}}, "line 1: Expected `str`, got `int` - at `$.plan.command`."),
        (1, {"line": "slice"}, "line 1: Object missing required field"),
        (2, {"line": ...}, "line 2: Object missing required field `line`."),
        (2, {"line": "slcie"}, "line 2: Invalid value 'slcie' - at `$.line`."),
        (2, {"order": [1]}, "line 2: Expected `str`, got `int` - at `$.order[0]`."),
        (3, {"description": {"seekable": 1, "segments": []}}, "got `int` - at `$.description.seekable`."),
        (3, {"description": {"seekable": True, "segments": [["x", 0]]}}, "at `$.description.segments[0]`."),
        (4, {"epochs": [{"index": "0"}]}, "line 4: Expected `int`, got `str` - at `$.epochs[0].index`."),
        (4, {"round": 1.5}, "line 4: Expected `int`, got `float` - at `$.round`."),
        (6, {"metrics": {"error": "low"}}, "line 6: Expected `float | null`, got `str` - at `$.metrics[...]`."),
        (7, {"last_lines": "words"}, "line 7: Expected `array`, got `str` - at `$.last_lines`."),
        (9, {"terms": [1.0]}, "line 9: Expected `object`, got `array` - at `$.terms`."),
        (10, {"gemm_flops_per_second": 0}, "line 10: Expected `float` > 0.0 - at `$.gemm_flops_per_second`."),
    ],
)  # fmt: skip
def test_rejects_a_wrong_field_with_file_line_and_name(path, number, fields, sentence):
    message = refusal(rewritten(path, number, **fields))
    assert message.startswith(f"{path}, line {number}: ")
    assert sentence in message


def test_the_only_header_is_the_first_line(tmp_path):
    message = "a record has one header, and it is the first line."
    (tmp_path / "a").mkdir()
    assert refusal(write(tmp_path / "a", [HEADER, HEADER])).endswith(f"run.jsonl, line 2: {message}")
    assert refusal(write(tmp_path / "b", [BlockEnd(0), HEADER])).endswith(f"run.jsonl, line 1: {message}")


def test_rejects_a_missing_file(tmp_path):
    assert refusal(tmp_path / "lost") == f"There is no readable record at {tmp_path}/lost: No such file or directory."
    assert refusal(tmp_path) == f"There is no readable record at {tmp_path}/run.jsonl: No such file or directory."


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        b"\0\n",
        b"null\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"\xef\xbb\xbf{}\n",
        b"[" * 100_000 + b"\n",
        b'{"line":"header","schema":' + b"9" * 10_000 + b"}\n",
        b'{"line":"header","machine":' + b'{"a":' * 100_000 + b"\n",
        b'{"line":"footer","status":"complete","ended":"now"}\n',
    ],
)
def test_rejects_what_is_not_a_record(tmp_path, data):
    (tmp_path / "run.jsonl").write_bytes(data)
    assert str(tmp_path) in refusal(tmp_path)


def read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.jsonl"
    path.write_bytes(data)
    try:
        read = store.read(path)
    except BadRecord as refused:
        assert str(path) in str(refused)
        return None
    assert read.lines[0] == read.header
    assert msgspec.json.decode(msgspec.json.encode(read.lines), type=list[store.Line]) == read.lines
    return read


@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_are_not_a_record(tmp_path_factory, data):
    assert read_or_refused(tmp_path_factory, data + b"\n") is None


ENCODED = [msgspec.json.encode(line) for line in LINES]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data(), number=st.integers(0, len(LINES) - 1))
def test_a_line_with_replaced_bytes_is_read_or_rejected(tmp_path_factory, data, number):
    line = ENCODED[number]
    start = data.draw(st.integers(0, len(line)))
    stop = data.draw(st.integers(start, min(start + 8, len(line))))
    noise = data.draw(st.binary(max_size=8) | st.sampled_from([b"null", b"1e999", b"-1", b'"', b"\\ud800", b"[[[["]))
    lines = [*ENCODED[:number], line[:start] + noise + line[stop:], *ENCODED[number + 1 :], b""]
    read_or_refused(tmp_path_factory, b"\n".join(lines))


@given(data=st.data(), number=st.integers(0, len(LINES) - 1), value=json_values)
def test_a_line_with_a_replaced_field_is_read_or_rejected(tmp_path_factory, data, number, value):
    line = json.loads(ENCODED[number])
    place = line
    while True:
        key = data.draw(
            st.sampled_from(sorted(place)) if isinstance(place, dict) else st.sampled_from(range(len(place)))
        )
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    lines = [*ENCODED[:number], json.dumps(line).encode(), *ENCODED[number + 1 :], b""]
    read_or_refused(tmp_path_factory, b"\n".join(lines))


# A run that goes on


def test_resuming_sets_aside_an_unfinished_block(path):
    read = store.read(path)
    assert [line.block for line in read.slices + read.ends + read.objectives + read.works] == [0, 0, 0]
    assert read.abandoned == [LINES[8], LINES[12], LINES[9], LINES[7], LINES[14]]


def test_restarting_a_block_sets_aside_its_lines(tmp_path):
    read = store.read(write(tmp_path, [*LINES[:13], LINES[15]]))
    assert [line.block for line in read.slices + read.ends + read.objectives + read.works] == [0, 0, 0]
    assert len(read.abandoned) == 4


@given(st.integers(min_value=0, max_value=10_000))
def test_a_truncated_record_continues_after_its_last_complete_line(tmp_path_factory, size):
    path = write(tmp_path_factory.mktemp("run"))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[: first + size])
    kept = len(store.read(path).lines)
    with store.Writer.reopen(path.parent) as writer:
        writer.write(LINES[-1])
    assert store.read(path).lines == [*LINES[:kept], LINES[-1]]
