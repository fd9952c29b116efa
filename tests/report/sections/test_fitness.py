"""A self-check's report, from records of runs that never happened."""

import json

import pytest
from msgspec.structs import replace
from shown import as_markdown as usual_markdown
from shown import contents
from shown import on_terminal as usual_terminal
from simulated import DATA, FULL, REFINE, record

from harness.plan.plan import Arm
from harness.record.schema import ArmEnd
from harness.report.sections import fitness
from harness.report.summarize import summarize

FACTS = {"cores": 2, "cores_online": 2, "load": 0.5, "busy_elsewhere": 0.5, "turbo": None, "other_runs": []}


def checked(again=1.0, slowed=1.06, blocks=3, machine=FACTS):
    """A check that found these ratios, exactly."""
    cost = {DATA: 0.1, REFINE: 1.0, FULL: 0.2}
    ratios = {"a": 1.0, "a again": again, "a +6%": slowed}
    run = record({arm: {kind: x * ratio for kind, x in cost.items()} for arm, ratio in ratios.items()}, blocks=blocks)
    arms = (Arm("a", "a"), Arm("a again", "a"), Arm("a +6%", "a", slowdown=0.06))
    run.add(replace(run.header, plan=replace(run.plan, command="selfcheck", arms=arms), machine=machine))
    return run


def on_terminal(run):
    return " ".join(usual_terminal(run, width=100).split())


def as_markdown(run):
    return " ".join(usual_markdown(run).replace("\\", "").split())


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            checked(),
            "is fit for measuring: two identical arms came out the same, and a planted slowdown of 6 %",
        ),
        (
            checked(again=1.05),
            "not fit for measuring as it is: two identical arms differ: the second one",
        ),
        (checked(slowed=1.01), "not fit for measuring as it is: a planted slowdown of 6 % is called same."),
        (checked(blocks=2), "is fit for measuring: a verdict needs 3 blocks, and there were fewer."),
    ],
)
def test_report_says_if_the_machine_is_fit_and_why_not(render, run, message):
    assert message in render(run)


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
def test_every_fact_has_its_meaning_and_advice(render):
    text = render(checked())
    for expected in ("This machine", "other load", "50 %", "End them", "2 of 2", "turbo", "not readable"):
        assert expected in text


def test_facts_that_need_action_come_first():
    levels = [row[2] for row in fitness.machine(summarize(checked())).rows]
    assert levels == sorted(levels, key=["warn", "note", "ok"].index)
    assert levels[0] == "warn"


def test_reports_the_smallest_detectable_difference_with_verdicts():
    assert any("is 3 %" in sentence for sentence in fitness.sentences(summarize(checked())))
    assert not any("smallest" in sentence for sentence in fitness.sentences(summarize(checked(blocks=2))))


def test_advice_depends_on_what_is_missing():
    assert len(fitness.sentences(summarize(checked()))) == 2
    assert "The table of this machine says what would help." in fitness.sentences(summarize(checked(again=1.05)))
    quiet = checked(blocks=2, machine={})
    assert fitness.sentences(summarize(quiet))[1:] == [
        "A longer --budget, or fewer --epochs, would leave time for more blocks."
    ]


def test_a_selfcheck_describes_its_method():
    assert "keeping a processor busy" in as_markdown(checked())


def test_other_commands_omit_fitness_from_text_but_not_json():
    run = record({"a": {DATA: 0.1}, "b": {DATA: 0.1}})
    run.add(replace(run.header, machine=FACTS))
    summary = json.loads(summarize(run).to_json())
    assert summary["selfcheck"] is None
    assert [finding["what"] for finding in summary["fitness"]][:2] == ["other runs", "other load"]
    assert "This machine" not in on_terminal(run)


def test_a_selfcheck_with_a_failed_arm_gives_no_fitness():
    run = checked()
    run.add(ArmEnd(block=2, group=0, arm="a again", status="failed", reason="ValueError: boom", moment="in epoch 3"))
    summary = summarize(run)
    assert summary.selfcheck is None
    assert contents(run).notes[0] == "a again failed in epoch 3: ValueError: boom"


def test_a_selfcheck_without_controls_does_not_crash():
    run = checked()
    run.add(replace(run.header, plan=replace(run.plan, arms=run.plan.arms[:2])))
    assert summarize(run).selfcheck is None


@pytest.mark.parametrize("command", ["compare", "profile", "converge", "selfcheck"])
def test_every_report_mentions_another_run(command):
    run = checked(machine={"other_runs": [7]})
    own = {"converge": {"evaluations": 1}, "profile": {"probes": ("phases",)}}.get(command, {})
    run.add(replace(run.header, plan=replace(run.plan, command=command, **own)))
    assert "(process 7): each disturbs the others' measurements." in as_markdown(run)
