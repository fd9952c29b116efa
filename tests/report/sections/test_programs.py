from msgspec.structs import replace
from simulated import DATA, record

from harness.plan.plan import UNSEEN, WHOLE
from harness.report.layouts import comparison
from harness.report.sections import accounting, programs, scopes
from harness.report.summarize import summarize

OLD, NEW = ("3.10.14", "/old", {"torch": "2.5"}), ("3.12.1", "/new", {"torch": "2.6", "jax": "0.10"})


def summary(*environments, marks=()):
    """The summary of a comparison whose arms ran in these environments, and marked their epochs in these ways."""
    arms = "abc"[: max(len(environments), len(marks))]
    run = record({arm: {DATA: 1.0} for arm in arms}, blocks=1)
    python = dict(zip(arms, environments, strict=False))
    mark = dict(zip(arms, marks, strict=False))
    for number, line in enumerate(run.ready):
        version, prefix, loaded = python.get(line.arm, ("", "", {}))
        described = type(line.description)(False, line.description.segments, marked_by=mark.get(line.arm, ""))
        run.ready[number] = replace(line, python=version, prefix=prefix, versions=loaded, description=described)
    run.ends[:] = [replace(end, versions=python.get(end.arm, ("", "", {}))[2]) for end in run.ends]
    return summarize(run)


def test_says_what_differs_between_environments():
    assert list(programs.environments(summary(OLD, NEW))) == [
        "The arms ran in different environments: a with Python 3.10.14, torch 2.5, no jax; b with Python 3.12.1,"
        " torch 2.6, jax 0.10."
    ]


def test_names_the_environments_if_their_versions_are_equal():
    other = (OLD[0], "/other", OLD[2])
    assert list(programs.environments(summary(OLD, other))) == [
        "The arms ran in different environments with the same versions: /old (a) and /other (b)."
    ]


def test_says_nothing_of_one_environment():
    assert list(programs.environments(summary(OLD, OLD))) == []


def test_says_what_the_epochs_are():
    same = ["/a/b/train.py:17", "/a/b/train.py:17"]
    assert list(programs.marks(summary(marks=same))) == ["The epochs are those of the loop at train.py:17."]
    marked = ["the marked loop at /a/b/train.py:17"] * 2
    assert list(programs.marks(summary(marks=marked))) == ["The epochs are those of the marked loop at train.py:17."]
    other = ["Keras fit at /a/train.py:5", "package.module:Log.end", ""]
    assert list(programs.marks(summary(marks=other))) == [
        "The epochs of a are those of Keras fit at train.py:5.",
        "The epochs of b are those of package.module:Log.end.",
    ]


def test_says_if_programs_were_timed_as_a_whole():
    assert list(programs.marks(summary(marks=[WHOLE, WHOLE]))) == [
        "Each program was timed as a whole, from start to end."
    ]
    assert programs.unseen(summary(marks=[WHOLE, WHOLE])) == ""


def test_says_first_that_no_epoch_was_seen():
    found = summary(marks=[UNSEEN, UNSEEN])
    said = "No epoch was seen, so each program was timed as a whole, from start to end. To compare epochs, "
    assert list(programs.marks(found)) == []
    assert programs.unseen(found) == (
        f"{said}write `for epoch in harness.epochs(range(n)):`, or name where an epoch ends with --epoch-at."
    )
    loops = ["/old/main.py:33", "/new/main.py:33"]
    arms = [replace(arm, loop=loop) for arm, loop in zip(found.arms, loops, strict=True)]
    assert programs.unseen(replace(found, arms=arms)) == (
        f"{said}add `--epoch-at main.py:33`: the loop in which gradients were computed."
    )
    moved = [replace(arm, loop=loop) for arm, loop in zip(arms, ("/x/old/main.py:4", "/x/new/main.py:6"), strict=True)]
    assert "`--epoch-at old/main.py:4` and `--epoch-at new/main.py:6`" in programs.unseen(replace(found, arms=moved))
    assert comparison.answer(replace(found, arms=arms)).endswith(programs.unseen(replace(found, arms=arms)))
    assert scopes.columns(replace(found, scope="schedule")) == ("whole program", "one run")
    assert accounting.table(found) is None


def test_says_if_a_loop_was_found_in_the_source():
    (found,) = programs.marks(summary(marks=["the loop that calls loss.backward() at /a/train.py:5"] * 2))
    assert found == (
        "The epochs are those of the loop that calls loss.backward() at train.py:5, as its source shows;"
        " --epoch-at names another place."
    )


def test_says_which_caches_of_the_user_were_used():
    run = record({"a": {DATA: 1.0}}, blocks=1)
    run.ready[0] = replace(run.ready[0], environment={"TORCHINDUCTOR_CACHE_DIR": "/tmp/torchinductor_me, filled"})
    assert list(programs.caches(summarize(run))) == [
        "The arms used a compile cache of yours, /tmp/torchinductor_me (TORCHINDUCTOR_CACHE_DIR), which was filled when"
        " the run began."
    ]
    assert list(programs.caches(summary(OLD))) == []


def computing(*arithmetic):
    """The summary of arms that computed in these kinds of arithmetic."""
    found = summary(*[OLD] * len(arithmetic))
    arms = [replace(arm, arithmetic=own) for arm, own in zip(found.arms, arithmetic, strict=True)]
    return replace(found, arms=arms)


def test_says_where_the_arithmetic_differs():
    exact = {"JAX 64-bit numbers": "on", "JAX precision of matrix products": "default"}
    quick = exact | {"JAX 64-bit numbers": "off"}
    assert list(programs.arithmetic(computing(quick, exact, quick))) == [
        "The arms compute in different arithmetic. JAX 64-bit numbers: off in a and c and on in b."
    ]
    assert list(programs.arithmetic(computing(exact, exact))) == []


def test_arithmetic_of_other_frameworks_is_not_compared():
    assert list(programs.arithmetic(computing({"JAX 64-bit numbers": "on"}, {"PyTorch default type": "float32"}))) == []
