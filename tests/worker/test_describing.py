"""The description of a built trainer and the sizes it reports, checked in the records of real runs."""

from paths import ARMS
from planned import planned

from harness.engine.session import measure


def run(out, *names, command="compare", **options):
    plan = planned(command, [f"{ARMS}:{name}" for name in names], blocks=1, **options)
    return measure(plan, out, lambda event, record: None)


def batch(index):
    return 64 + max(index - 1, 0) // 20


def test_a_seekable_trainer_reports_sizes_at_the_start_of_each_stretch(tmp_path):
    record = run(tmp_path / "run", "Growing", epochs=30)
    segments = record.ready[0].description.segments
    assert [(s.kind, s.start) for s in segments][:4] == [("early", 0), ("refine", 20), ("early", 21), ("refine", 40)]
    assert [segment.sizes for segment in segments] == [{"batch_points": batch(segment.start)} for segment in segments]


def test_every_slice_has_its_initial_sizes_and_their_changes(tmp_path):
    record = run(tmp_path / "run", "Growing", epochs=30)
    for piece in record.slices:
        sizes = None
        for epoch in piece.epochs:
            now = {"batch_points": batch(epoch.index)}
            assert epoch.sizes == ({} if now == sizes else now)
            sizes = now


def test_without_a_state_there_are_no_sizes(tmp_path):
    record = run(tmp_path / "run", "Sought", epochs=30)
    assert {segment.sizes for segment in record.ready[0].description.segments} == {None}
    assert not any(epoch.sizes for piece in record.slices for epoch in piece.epochs)


def test_converge_does_not_seek(tmp_path):
    record = run(tmp_path / "run", "WholeGrowing", command="converge", evaluations=2)
    assert record.failure("WholeGrowing") is None
    assert {segment.sizes for segment in record.ready[0].description.segments} == {None}
    ran = [epoch for piece in record.slices for epoch in piece.epochs]
    assert [epoch.index for epoch in ran] == [*range(100)]
    assert {"batch_points": 65.0} in [epoch.sizes for epoch in ran]
