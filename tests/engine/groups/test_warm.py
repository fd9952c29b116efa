"""Arms of any program are forked from the second block on, if their first processes show that this is safe."""

from textwrap import dedent

import pytest
from msgspec.structs import replace
from planned import planned

from harness.engine.groups import group, warm
from harness.engine.groups.known import Known, Libraries
from harness.engine.groups.warm import choose_servers, explain_fresh
from harness.engine.processes import fork_client
from harness.engine.session import measure
from harness.record.schema import BlockAgain

pytestmark = pytest.mark.skipif(not fork_client.available(), reason="arms can be forked on Linux")

TRAINERS = """
    import os
    import random
    {before}
    import numpy

    class A:
        def __init__(self):
            self.start = random.random()

        def epoch(self, index):
            return {{"loss": self.start + numpy.random.rand() / (1 + index)}}

    class B(A):
        pass
"""


def write(folder, name="trainers.py", before="", source=TRAINERS):
    (folder / name).write_text(dedent(source).format(before=before))
    return folder / name


def run(folder, *names, **options):
    plan = planned("compare", list(names), blocks=3, epochs=20, **options)
    return measure(replace(plan, counts_operations=False), folder / "run", lambda event, record: None)


def started(record):
    return {block: {ready.started for ready in record.ready if ready.block == block} for block in range(3)}


def test_arms_are_forked_once_their_first_processes_were_seen(tmp_path):
    file = write(tmp_path)
    record = run(tmp_path, f"{file}:A", f"{file}:B")
    assert started(record) == {0: {"fresh"}, 1: {"forked"}, 2: {"forked"}}
    losses = [slice_.epochs[0].losses for slice_ in record.slices if slice_.epochs[0].index == 0]
    assert len(losses) == 6
    assert all(one == losses[0] for one in losses), "they do not depend on how the process started"


def test_programs_are_forked_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = """
        import random, sys
        import numpy
        import harness
        for epoch in harness.epochs(20):
            harness.report(loss=random.random() + numpy.random.rand() + len(sys.argv))
    """
    write(tmp_path, "train.py", source=source)
    record = run(tmp_path, "train.py one", "train.py two three")
    assert started(record) == {0: {"fresh"}, 1: {"forked"}, 2: {"forked"}}
    firsts = [(one.arm, tuple(one.epochs[0].losses.items())) for one in record.slices if one.epochs[0].index == 0]
    assert len(set(firsts)) == 2, "one for each command, in all blocks"


def test_all_are_fresh_if_one_sets_a_variable_before_it_imports(tmp_path):
    file, other = write(tmp_path), write(tmp_path, "other.py", "os.environ['MINE'] = '1'")
    record = run(tmp_path, f"{file}:A", f"{other}:B")
    assert started(record) == {block: {"fresh"} for block in range(3)}
    why = {ready.not_forkable for ready in record.ready if ready.arm == "B"}
    assert why == {"MINE is set before numpy is imported"}


def test_all_are_fresh_on_request(tmp_path):
    file = write(tmp_path)
    record = run(tmp_path, f"{file}:A", f"{file}:B", fresh=True)
    assert started(record) == {block: {"fresh"} for block in range(3)}


def test_if_the_libraries_cannot_be_imported_again_the_block_runs_with_fresh_processes(tmp_path, monkeypatch):
    def note(files, not_forkable):
        return Libraries({"numpy": "/elsewhere"}, not_forkable)

    monkeypatch.setattr(group, "Libraries", note)
    file = write(tmp_path)
    events = []
    plan = replace(planned("compare", [f"{file}:A", f"{file}:B"], blocks=3, epochs=20), counts_operations=False)
    record = measure(plan, tmp_path / "run", lambda event, record: events.append(event))
    assert started(record) == {block: {"fresh"} for block in range(3)}
    (again,) = (one for one in events if isinstance(one, BlockAgain))
    assert "and not from /elsewhere" in again.why


def known(**libraries):
    return Known(libraries={label: Libraries(*own) for label, own in libraries.items()})


NUMPY = {"numpy": "/numpy.py"}


def test_servers_are_chosen_by_interpreter_and_libraries(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print()")
    plan = planned("compare", ["A=1 train.py", "A=2 train.py", "A=1 train.py --more"])
    first, second, third = plan.arms
    found = known(**{arm.label: (NUMPY, "") for arm in plan.arms})
    chosen = choose_servers(plan, 1, plan.arms, found)
    assert chosen[first.label] == chosen[third.label] != chosen[second.label]
    assert choose_servers(plan, 1, plan.arms, known()) == {}
    assert choose_servers(plan, 0, plan.arms, found) == {}, "all groups of the first block start in the same way"
    assert choose_servers(plan.as_wholes(), 1, plan.arms, found) == {}, "its imports are timed"
    monkeypatch.setattr(warm, "get_gpus", lambda: [object()])
    assert choose_servers(plan, 1, plan.arms, found) == {}


def test_reasons_for_fresh_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print()")
    (arm, _) = planned("compare", ["train.py", "train.py 2"]).arms
    assert explain_fresh(arm, known()) == "it has not been seen yet"
    assert explain_fresh(arm, known(**{arm.label: ({}, "")})) == "it imports no large library"
    assert explain_fresh(arm, known(**{arm.label: (NUMPY, "why")})) == "why"
    assert explain_fresh(arm, known(**{arm.label: (NUMPY, "")})) == ""
    read = replace(arm, command=replace(arm.command, input="in.txt"))
    assert "standard input" in explain_fresh(read, known(**{arm.label: (NUMPY, "")}))
    library = {"numpy": "/env/site-packages/numpy/__init__.py"}
    for command in (
        replace(arm.command, module="numpy.train", script=None),
        replace(arm.command, epochs_at=("/env/site-packages/numpy/linalg.py:3",)),
    ):
        marked = explain_fresh(replace(arm, command=command), known(**{arm.label: (library, "")}))
        assert "marked in a library" in marked
    at_home = replace(arm.command, epochs_at=(str(tmp_path / "train.py:1"), "numpy.linalg:norm"))
    assert explain_fresh(replace(arm, command=at_home), known(**{arm.label: (library, "")})) == ""
