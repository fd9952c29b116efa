"""Arms are fresh processes that take turns, checked in the records of real runs."""

import os
from itertools import pairwise

from paths import ARMS
from planned import planned

from harness.engine import runner
from harness.engine.groups import taking_turns
from harness.engine.groups.group import Group
from harness.engine.session import measure
from harness.plan import controls
from harness.plan.plan import usable_cores
from harness.plan.request import Request
from harness.record.schema import BlockEnd, Look, LookReason
from harness.record.store import read
from harness.report.layouts.comparison import sentences
from harness.report.summarize import summarize


def run(out, *names, **options):
    plan = planned("compare", [f"{ARMS}:{name}" for name in names], **options)
    record = measure(plan, out, lambda event, record: None)
    assert read(out).slices == record.slices
    return record


def test_arms_take_turns_in_fresh_processes_and_random_order(tmp_path):
    record = run(tmp_path / "run", "Steady", "Other", epochs=32, blocks=2)
    pids = [ready.pid for ready in record.ready]
    assert len(set(pids)) == 4
    assert os.getpid() not in pids
    turns = [piece for piece in record.slices if piece.block == 0 and piece.round]
    rounds = {piece.round: [p.arm for p in turns if p.round == piece.round] for piece in turns}
    assert all(sorted(arms) == ["Other", "Steady"] for arms in rounds.values())
    assert len({tuple(arms) for arms in rounds.values()}) == 2
    assert all(epoch.wall >= 0.002 for piece in record.slices for epoch in piece.epochs)
    firsts = [(piece.arm, e.index, piece.round) for piece in record.slices for e in piece.epochs if e.first]
    assert sorted(firsts) == sorted([("Other", 0, 0), ("Steady", 0, 0)] * 2)


def test_collects_garbage_after_building_before_the_first_epoch(tmp_path):
    for fresh in (False, True):
        record = run(tmp_path / f"fresh-{fresh}", "Leaves", epochs=2, blocks=1, fresh=fresh)
        assert [epoch.losses for piece in record.slices for epoch in piece.epochs] == [{"loss": 0.0}] * 2


def test_arms_that_seek_are_sampled_by_kind(tmp_path):
    record = run(tmp_path / "run", "Sought", epochs=60, blocks=1)
    sampled = {}
    for piece in record.slices:
        kinds = {epoch.kind for epoch in piece.epochs}
        if piece.round:
            assert len(kinds) == 1
            sampled.setdefault(kinds.pop(), []).extend(epoch.index for epoch in piece.epochs)
    assert set(sampled) == {"early", "late", "refine"}
    assert all(index >= 50 for index in sampled["late"])
    assert len(set(sampled["refine"])) == len(sampled["refine"])
    assert {e.kind: e.index for s in record.slices for e in s.epochs if e.first} == {
        "early": 0,
        "refine": 20,
        "late": 50,
    }


def test_threads_affinity_and_hash_seed_are_set_and_recorded(tmp_path):
    record = run(tmp_path / "run", "Steady", epochs=2, blocks=1, threads=1, seed=5)
    environment = record.ready[0].environment
    assert environment["cores"] == str(usable_cores()[-1])
    assert environment["OMP_NUM_THREADS"] == environment["TF_NUM_INTRAOP_THREADS"] == "1"
    assert environment["PYTHONHASHSEED"] == "5"
    assert record.slices[0].epochs[0].losses == {"loss": 6.0}


def test_a_variants_settings_reach_it_and_override_the_runs(tmp_path):
    record = run(tmp_path / "run", "configured", epochs=2, blocks=1, seed=5)
    assert record.slices[0].epochs[0].losses == {"loss": 42.0}


def test_a_planted_slowdown_is_part_of_each_epochs_time(tmp_path):
    """With a simulated clock in the arms, so that the times are exact."""
    plan = controls.selfcheck(Request(names=(f"{ARMS}:Clockwork",), epochs=6, blocks=1))
    record = measure(plan, tmp_path / "run", lambda event, record: None)
    walls = {arm.label: {e.wall for s in record.slices if s.arm == arm.label for e in s.epochs} for arm in plan.arms}
    assert walls["Clockwork"] == walls["Clockwork again"] == {1_000_100 / 1e9}
    # To 1.06 of what its first reading said, which another reading, of 100 ns, may overshoot; and one to stop by.
    assert all(0.001_06 < wall < 0.001_060_7 for wall in walls["Clockwork +6%"])
    assert read(tmp_path / "run").plan == plan


def groups_of(record):
    groups = {}
    for ready in record.ready:
        groups.setdefault((ready.block, ready.group), set()).add(ready.arm)
    return groups


def test_arms_that_do_not_fit_in_memory_are_paired_with_the_baseline(tmp_path, monkeypatch):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > 2)
    record = run(tmp_path / "run", "Steady", "Other", "Slow", epochs=12, blocks=2)
    assert groups_of(record) == {
        (0, 0): {"Steady", "Other", "Slow"},
        (0, 1): {"Steady", "Other"},
        (0, 2): {"Steady", "Slow"},
        (1, 0): {"Steady", "Other"},
        (1, 1): {"Steady", "Slow"},
    }
    assert {(end.block, end.group) for end in record.ends if end.status == "regrouped"} == {(0, 0)}
    summary = summarize(record)
    ratios = {arm.name: arm.ratio for arm in summary.arms}
    assert ratios["Slow"].estimate > 1
    assert ratios["Other"].low is not None
    assert any("did not fit in memory together" in sentence for sentence in sentences(summary))


def test_a_pair_that_does_not_fit_runs_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > 1)
    record = run(tmp_path / "run", "Sought", "Slow", epochs=12, blocks=2)
    assert [start.one_by_one for start in record.starts] == [False, True, True]
    for start in record.starts[1:]:
        arms = [piece.arm for piece in record.slices if (piece.block, piece.group) == (start.block, start.group)]
        first = arms[0]
        assert arms == [first] * arms.count(first) + [arm for arm in arms if arm != first]
        assert set(arms) == {"Sought", "Slow"}
    summary = summarize(record)
    assert summary.arms[1].ratio.estimate > 1
    assert summary.arms[1].ratio.low is not None
    assert any("they ran one after the other" in sentence for sentence in sentences(summary))


def test_the_stopping_rule_is_checked_after_each_block(tmp_path):
    plan = planned("compare", f"{ARMS}:Steady", epochs=2, blocks=5)
    looks = []

    def look():
        looks.append(True)
        return Look(len(looks) - 1, len(looks) < 2, LookReason.CLEAR)

    events = [event for event in runner.run(plan, tmp_path, look) if isinstance(event, BlockEnd | Look)]
    assert [event.block for event in events] == [0, 0, 1, 1]
    assert events[3] == Look(1, False, LookReason.CLEAR)


def test_a_turn_with_slow_epochs_ends_early_and_its_arm_catches_up(tmp_path, monkeypatch):
    monkeypatch.setattr(taking_turns, "TURN_SECONDS", 0.05)
    record = run(tmp_path / "run", "Steady", "Slows", epochs=80, blocks=1)
    for arm in ("Steady", "Slows"):
        own = [piece for piece in record.slices if piece.arm == arm]
        assert [epoch.index for piece in own for epoch in piece.epochs] == list(range(80))
        late = [piece for piece in own if piece.epochs[0].index >= 12 and not piece.settling]
        assert arm == "Steady" or all(len(piece.epochs) <= 3 for piece in late)


def test_records_time_of_a_turn_outside_epochs(tmp_path):
    record = run(tmp_path / "run", "Steady", "Other", epochs=60, blocks=1)
    settling = [piece for piece in record.slices if piece.settling]
    assert settling
    assert all(piece.between is None for piece in settling)
    assert all(piece.between is not None and piece.between >= 0 for piece in record.slices if not piece.settling)
    within = sum(epoch.wall for piece in record.slices for epoch in piece.epochs)
    outside = sum(piece.between or 0.0 for piece in record.slices)
    assert within + outside <= record.blocks_done[0].seconds


def test_reports_arms_that_use_cpu_while_waiting(tmp_path):
    record = run(tmp_path / "run", "Steady", "Restless", epochs=60, blocks=1)
    after_settling = {id(piece) for before, piece in pairwise(record.slices) if before.settling}
    assert all(piece.idle is not None for piece in record.slices if id(piece) not in after_settling)
    summary = summarize(record)
    steady, restless = (arm.idle_share for arm in summary.arms)
    assert steady < restless
    found = [sentence for sentence in sentences(summary) if "while other arms had their turn" in sentence]
    assert [sentence.split()[0] for sentence in found] == ["Restless"]
