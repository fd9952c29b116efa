from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import planned

from harness import Variant
from harness.catalog import registry
from harness.catalog.registry import Catalog, Defaults
from harness.errors import BadInput
from harness.plan import planning
from harness.plan.plan import Arm, Plan, Target, usable_cores

ORIGINAL = Variant(
    "original",
    "as it was",
    dict,
    cases=("case1", "case2"),
    scales=("smoke", "laptop", "paper"),
    epochs={"smoke": 10, "laptop": 60},
    settings={"nodes": 500},
)
MOMENTS = replace(ORIGINAL, name="moments", baseline="original", settings={})
OTHER = Variant("other", "another equation", dict, cases=("case2", "case3"), scales=("paper", "smoke"), epochs=90)
SOLVER = replace(OTHER, name="solver", cases=("case1", "case2"), metrics=("error",))
FREE = Variant("free", "says nothing of itself", dict)
CORES = [2, 3, 5, 7]
USUAL = Defaults("case1", "laptop", "smoke")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    known = Catalog(
        {v.name: v for v in (ORIGINAL, MOMENTS, OTHER, FREE, SOLVER)},
        compared=("original", "moments"),
        references={"original": ("solver",), "moments": ("solver",), "solver": ("solver",)},
        preloads={"original": ("json", "csv"), "moments": ("json", "csv"), "other": ("json",)},
        defaults=dict.fromkeys(("original", "moments", "solver"), USUAL) | {"other": Defaults(None, None, None)},
    )
    monkeypatch.setattr(registry, "registered", lambda: known)
    monkeypatch.setattr(planning, "usable_cores", lambda: CORES)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text("class Pinn: ...\nclass original: ...\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def labels(made):
    return [arm.label for arm in made.arms]


def refusal(names=("original",), command="compare", **request):
    with pytest.raises(BadInput) as caught:
        planned(command, names, **request)
    return str(caught.value)


def test_unrequested_settings_have_defaults():
    made = planned("compare")
    assert made == Plan(
        command="compare",
        arms=(Arm("original", "original"), Arm("moments", "moments")),
        baseline="original",
        case="case1",
        scale="laptop",
        epochs=60,
        blocks=6,
        fewest=3,
        adapts=True,
        tolerance=0.03,
        budget=None,
        patience=180.0,
        seed=0,
        threads=4,
        timeout=600.0,
        slice_seconds=0.1,
        settling_seconds=0.1,
        allow_nonfinite=False,
        counts_operations=True,
        states_objectives=True,
        preload=("json", "csv"),
    )


def test_requested_settings_are_planned():
    options = {"case": "case2", "scale": "paper", "epochs": 7, "blocks": 5, "seed": 9, "threads": 2, "timeout": 1.5}
    options["allow_nonfinite"] = True
    made = msgspec.to_builtins(planned("compare", "original", "moments", **options))
    assert {name: made[name] for name in options} == options


# Arms and their baseline


@pytest.mark.parametrize(
    ("names", "baseline", "arms", "held_against"),
    [
        (["moments"], None, ["original", "moments"], "original"),
        (["original"], None, ["original"], "original"),
        (["free"], None, ["free"], "free"),
        (["moments", "original"], None, ["moments", "original"], "moments"),
        (["moments", "free"], None, ["moments", "free"], "moments"),
        (["moments", "original"], "original", ["moments", "original"], "original"),
        (["moments", "free"], "original", ["original", "moments", "free"], "original"),
        (["moments"], "free", ["free", "moments"], "free"),
        (["moments"], "moments", ["moments"], "moments"),
        ([], "free", ["free", "original", "moments"], "free"),
    ],
)
def test_choice_of_the_baseline(names, baseline, arms, held_against):
    made = planned("compare", names, baseline=baseline)
    assert labels(made) == arms
    assert made.baseline == held_against


def test_a_profile_is_of_one_variant_alone():
    made = planned("profile", "moments")
    assert labels(made) == ["moments"]
    assert made.baseline == "moments"


def test_labels_are_short_unless_ambiguous(folder):
    assert labels(planned("compare", "a.py:Pinn", "moments")) == ["Pinn", "moments"]
    made = planned("compare", "a.py:Pinn", "b.py:Pinn", "moments", baseline="b.py:Pinn")
    assert labels(made) == ["a.py:Pinn", "b.py:Pinn", "moments"]
    assert made.baseline == "b.py:Pinn"
    made = planned("compare", "a.py:original", "original")
    assert labels(made) == ["a.py:original", "original"]


@given(
    st.lists(
        st.sampled_from(["original", "moments", "free", *(f"{p}{f}:{n}" for p in ("", "./") for f in ("a.py", "b.py")
                         for n in ("Pinn", "original"))]),
        min_size=1,
        unique=True,
    ),
    st.data(),
)  # fmt: skip
def test_labels_are_unique_and_one_of_them_is_the_baseline(names, data):
    baseline = data.draw(st.none() | st.sampled_from(names))
    with pytest.MonkeyPatch.context() as patch:
        found = {name: registry.registered().variants.get(name) for name in [*names, "original"]}
        patch.setattr(registry, "find", found.get)
        made = planned("compare", names, baseline=baseline)
    assert len(set(labels(made))) == len(made.arms)
    assert made.baseline in labels(made)
    assert {arm.variant for arm in made.arms} >= set(names)
    if baseline:
        assert made.arms[labels(made).index(made.baseline)].variant == baseline


# Case, scale and epochs


def test_default_case_and_scale_are_available_in_every_arm():
    made = planned("compare", "original", "other")
    assert (made.case, made.scale) == ("case2", "smoke")
    made = planned("compare", "other", "original")
    assert (made.case, made.scale) == ("case2", "paper")
    made = planned("compare", "free", "original")
    assert (made.case, made.scale) == ("case1", "laptop")


def test_default_case_and_scale_come_from_the_collection(monkeypatch):
    known = Catalog(
        {v.name: v for v in (ORIGINAL, OTHER)},
        defaults={"original": Defaults("case2", "paper", "smoke"), "other": Defaults("case3", "smoke", None)},
    )
    monkeypatch.setattr(registry, "registered", lambda: known)
    made = planned("compare", "original")
    assert (made.case, made.scale) == ("case2", "paper")
    made = planned("compare", "other")
    assert (made.case, made.scale) == ("case3", "smoke")
    made = planned("compare", "other", "original")  # case3 is not the original's
    assert (made.case, made.scale) == ("case2", "smoke")
    assert planned("selfcheck", "original").scale == "smoke"
    assert planned("compare", "original", case="case1", scale="laptop").case == "case1"


def test_rejects_arms_without_a_common_case(monkeypatch):
    known = Catalog({"a": replace(OTHER, name="a", cases=("x",)), "b": replace(OTHER, name="b", cases=("y",))})
    monkeypatch.setattr(registry, "registered", lambda: known)
    assert "case" in refusal(["a", "b"])


def test_arms_without_declared_cases_get_the_users_choice():
    made = planned("compare", "free", case="anything", scale="tiny")
    assert (made.case, made.scale) == ("anything", "tiny")


@pytest.mark.parametrize(
    ("names", "scale", "epochs"),
    [
        (["original"], "smoke", 10),
        (["original"], "laptop", 60),
        (["original"], "paper", None),
        (["original", "other"], "smoke", 90),
        (["free"], None, None),
    ],
)
def test_default_epochs_are_the_largest_of_any_arm(names, scale, epochs):
    assert planned("compare", names, scale=scale).epochs == epochs


def test_a_variant_that_is_a_file_is_planned_without_being_imported(folder):
    (folder / "a.py").write_text("class Pinn: ...\nraise SystemExit('imported')")
    made = planned("compare", "a.py:Pinn", case="case9")
    assert made.arms == (Arm("Pinn", "a.py:Pinn"),)
    assert (made.case, made.scale, made.epochs) == ("case9", None, None)


# Refusals


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"blocks": 0}, "--blocks must be at least 1, not 0."),
        ({"epochs": 0}, "--epochs must be at least 1, not 0."),
        ({"epochs": -3}, "--epochs must be at least 1, not -3."),
        ({"seed": -1}, "--seed must be at least 0, not -1."),
        ({"threads": 0}, "--threads must be at least 1, not 0."),
        ({"threads": 5}, "--threads 5 is more than the 4 cores that this process may use."),
        ({"timeout": 0}, "--timeout must be a positive number of seconds, at most a week (604800), not 0."),
        ({"timeout": -1.5}, "--timeout must be a positive number of seconds, at most a week (604800), not -1.5."),
        (
            {"timeout": float("nan")},
            "--timeout must be a positive number of seconds, at most a week (604800), not nan.",
        ),
        ({"timeout": 1e7}, "--timeout must be a positive number of seconds, at most a week (604800), not 1e+07."),
        ({"case": "case9"}, "There is no case 'case9' for 'original': choose from case1, case2."),
        ({"scale": "huge"}, "There is no scale 'huge' for 'original': choose from smoke, laptop, paper."),
        ({"case": ""}, "There is no case '' for 'original': choose from case1, case2."),
        ({"names": ["original", "other"], "case": "case3"}, "There is no case 'case3' for 'original': choose from"),
        ({"names": ["original", "other"], "case": "case1"}, "There is no case 'case1' for 'other': choose from"),
        ({"names": ["moments", "moments"]}, "'moments' is named 2 times: name each variant once."),
        ({"names": ["orignal"]}, "There is no variant 'orignal': did you mean 'original'?"),
        ({"baseline": "momants"}, "There is no variant 'momants': did you mean 'moments'?"),
    ],
)
def test_errors_are_one_sentence(request_, sentence):
    assert refusal(**request_).startswith(sentence)


def test_with_nothing_registered_there_is_nothing_to_compare(monkeypatch):
    monkeypatch.setattr(registry, "registered", Catalog)
    assert refusal([]) == "There is nothing to run: name at least one variant."


# Whole trainings


def training(names=(), **request):
    return planned("converge", names, **{"evaluations": 40} | request)


def test_converge_plans_the_arms_and_their_references():
    made = training(scale="smoke")
    assert labels(made) == ["original", "moments", "solver"]
    assert made.references == ("solver",)
    assert (made.evaluations, made.target, made.epochs, made.blocks) == (40, None, None, 3)
    assert (made.case, made.scale, made.baseline) == ("case1", "smoke", "original")


def test_a_single_training_has_no_baseline():
    assert labels(training(["moments"], scale="smoke")) == ["moments", "solver"]


@pytest.mark.parametrize(
    ("names", "request_", "arms", "references"),
    [
        (["original"], {"case": "case2", "scale": "smoke"}, ["original", "solver"], ("solver",)),
        (["solver", "original"], {"scale": "smoke"}, ["solver", "original"], ("solver",)),
        (["free"], {}, ["free"], ()),
        (["other"], {}, ["other"], ()),
        (["original"], {"scale": "laptop"}, ["original"], ()),
        (["original"], {"scale": "smoke", "target": "other=1"}, ["original"], ()),
        (["original"], {"scale": "smoke", "target": "error=1"}, ["original", "solver"], ("solver",)),
    ],
)
def test_references_are_added_if_they_offer_case_scale_and_metric(names, request_, arms, references):
    made = training(names, **request_)
    assert labels(made) == arms
    assert made.references == references


def test_each_block_of_trainings_has_its_own_seed():
    made = training(["original"], seed=5, blocks=2)
    assert [made.seed_of(block) for block in range(2)] == [5, 6]
    assert planned("compare", "original", seed=5).seed_of(1) == 5


def test_requested_length_is_for_trainings_not_references():
    made = training(["original"], scale="smoke", epochs=7)
    assert (made.length_of("original"), made.length_of("solver")) == (7, None)
    assert training(["original"]).length_of("original") is None
    assert planned("compare", "original", epochs=7).length_of("original") is None


@pytest.mark.parametrize(
    ("text", "target"),
    [("error=0.01", Target("error", 0.01)), ("a=b=1e-3", Target("a=b", 0.001)), ("error=0", Target("error", 0.0))],
)
def test_a_target_is_a_metric_and_a_value(text, target):
    assert training(["free"], target=text).target == target


def test_any_target_metric_is_accepted_if_variants_declare_none():
    assert training(["original"], target="anything=1").target == Target("anything", 1.0)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"blocks": 0}, "--seeds must be at least 1, not 0."),
        ({"evaluations": 0}, "--evaluations must be at least 1, not 0."),
        ({"epochs": 0}, "--epochs must be at least 1, not 0."),
        ({"target": "error"}, "--target must be METRIC=VALUE with a finite value of at least 0, not 'error'."),
        ({"target": "error=small"}, "--target must be METRIC=VALUE"),
        ({"target": "error=inf"}, "--target must be METRIC=VALUE"),
        ({"target": "error=-0.1"}, "--target must be METRIC=VALUE"),
        ({"target": "=1"}, "--target must be METRIC=VALUE"),
        ({"target": "l2=1", "names": ["solver"]}, "There is no metric 'l2' for 'solver': choose from error."),
        ({"case": "case9"}, "There is no case 'case9' for 'original': choose from case1, case2."),
        ({"names": ["moments", "moments"]}, "'moments' is named 2 times"),
    ],
)
def test_converge_errors_are_one_sentence(request_, sentence):
    options = {"names": ["original"], "evaluations": 40} | request_
    assert refusal(options.pop("names"), "converge", **options).startswith(sentence)


# A plan is written to the record, and read back

texts = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
arms = st.builds(Arm, texts, texts, st.dictionaries(texts, values, max_size=3), st.none() | texts)
seconds = st.floats(0, 1e9, allow_nan=False)
plans = st.builds(
    Plan,
    command=texts,
    arms=st.lists(arms, max_size=3).map(tuple),
    baseline=texts,
    case=texts,
    scale=texts,
    epochs=st.integers(1, 2**62),
    blocks=st.integers(1, 2**62),
    seed=st.integers(0, 2**63),
    threads=st.integers(1, 1024),
    timeout=seconds,
    slice_seconds=seconds,
    allow_nonfinite=st.booleans(),
    evaluations=st.none() | st.integers(1, 100),
    target=st.none() | st.builds(Target, texts, seconds),
    references=st.lists(texts, max_size=2).map(tuple),
)


@given(plans)
def test_a_plan_survives_a_json_round_trip(made):
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan) == made


@pytest.mark.parametrize(
    "request_",
    [
        {"seed": 2**80},
        {"timeout": float("inf")},
    ],
)
def test_every_generated_plan_can_be_read_back(request_):
    try:
        made = planned("compare", "original", **request_)
    except BadInput:
        return
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan) == made


def test_the_cores_are_those_this_process_may_use(monkeypatch):
    monkeypatch.undo()
    cores = usable_cores()
    assert cores == sorted(set(cores))
    assert all(isinstance(core, int) and core >= 0 for core in cores)
    assert planned("compare", "original").threads == len(cores)


# Time


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), (" 2min", 120), ("1.5 m", 90), ("1h", 3600), ("0.5H", 1800)]
)
def test_a_budget_is_a_duration(text, seconds):
    assert planned("compare", "original", budget=text).budget == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "nan", "inf", "5 days", "1e99h", "s"])
def test_rejects_invalid_durations(text):
    assert refusal(budget=text).startswith("--budget must be a duration such as 90s or 2min, at most a week, not ")


@pytest.mark.parametrize("tolerance", [0, -0.1, 1.5, float("nan")])
def test_a_tolerance_is_a_share(tolerance):
    assert refusal(tolerance=tolerance).startswith("--tolerance must be a share above 0 and at most 1")


def test_requested_blocks_are_planned_unless_the_budget_is_short():
    def of(**request):
        made = planned("compare", "original", **request)
        return made.fewest, made.blocks, made.adapts

    assert of() == (3, 6, True)
    assert of(blocks=5) == (5, 5, False)
    assert of(blocks=2) == (2, 2, False)
    assert of(budget="60s") == (3, 8, True)
    assert of(budget="60s", blocks=10) == (3, 10, False)
    assert of(budget="60s", blocks=2) == (2, 2, False)
    assert not planned("converge", "original").adapts


def test_one_thread_settles_sooner():
    made = planned("compare", "original", threads=1)
    assert (made.slice_seconds, made.settling_seconds) == (0.05, 0.01)


def test_a_short_budget_has_fewer_epochs_per_block_and_a_very_short_one_no_counting():
    very_short = planned("compare", "original", "moments", budget="40s")
    assert (very_short.epochs, very_short.counts_operations) == (None, False)
    assert planned("explain", "original", "moments", budget="40s").counts_operations
    short = planned("compare", "original", "moments", budget="60s")
    assert (short.epochs, short.counts_operations) == (None, True)
    ample = planned("compare", "original", budget="10min")
    assert (ample.epochs, ample.counts_operations) == (60, True)


def test_only_exploratory_runs_stop_at_the_minimum_blocks():
    assert planned("compare").patience == 180
    for names, request in ((["original"], {}), ([], {"blocks": 3}), ([], {"budget": "10min"})):
        assert planned("compare", names, **request).patience is None
    assert planned("compare", "original").counts_operations
    assert not planned("converge", "original", evaluations=3).counts_operations


# How arms start


def test_arms_can_be_forked_where_all_of_them_import_the_same():
    assert planned("compare", "original", "moments", fresh=False).preload == ("json", "csv")
    assert planned("compare", "original", "moments", fresh=True).preload == ()
    assert planned("compare", "original", "other", scale="smoke", fresh=False, case="case2").preload == ()
    assert planned("compare", "original", "free", fresh=False).preload == ()


def test_an_arm_from_a_file_has_all_arms_start_fresh(folder):
    assert planned("compare", "original", "a.py:Pinn", fresh=False).preload == ()
    assert planned("compare", "a.py:Pinn", fresh=False).preload == ()


def test_references_do_not_decide_how_trainings_start():
    made = planned("converge", "original", scale="smoke", fresh=False, evaluations=2)
    assert (made.references, made.preload) == (("solver",), ("json", "csv"))
    assert planned("converge", "solver", fresh=False, evaluations=2).preload == ()


@pytest.mark.parametrize("command", ["compare", "converge", "selfcheck"])
def test_arms_are_forked_by_default(command):
    assert planned(command, "original", scale="smoke").preload == ("json", "csv")
    assert planned(command, "original", scale="smoke", fresh=True).preload == ()


def test_the_one_arm_of_a_profile_is_never_forked():
    assert planned("profile", "original", fresh=False).preload == ()
