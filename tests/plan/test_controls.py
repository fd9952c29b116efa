from dataclasses import replace

import pytest

from harness import Variant
from harness.catalog import registry
from harness.catalog.registry import Catalog, Defaults
from harness.errors import BadInput
from harness.plan import controls
from harness.plan.plan import Arm
from harness.plan.request import Request

ORIGINAL = Variant(
    "original", "", dict, cases=("case1", "case2"), scales=("smoke", "laptop"), epochs={"smoke": 10, "laptop": 60}
)
MOMENTS = replace(ORIGINAL, name="moments", baseline="original")
LARGE = replace(ORIGINAL, name="large", scales=("laptop", "paper"))


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    known = Catalog(
        {v.name: v for v in (ORIGINAL, MOMENTS, LARGE)},
        compared=("original", "moments"),
        defaults=dict.fromkeys(("original", "moments", "large"), Defaults("case1", "laptop", "smoke")),
    )
    monkeypatch.setattr(registry, "registered", lambda: known)


def test_selfcheck_is_the_default_baseline_a_copy_and_a_slowed_copy():
    plan = controls.selfcheck(Request(budget="90s"))
    assert plan.command == "selfcheck"
    assert plan.arms == (
        Arm("original", "original"),
        Arm("original again", "original"),
        Arm("original +6%", "original", slowdown=0.06),
    )
    assert plan.baseline == "original"
    assert (plan.scale, plan.epochs, plan.budget, plan.fewest, plan.blocks) == ("smoke", None, 90.0, 3, 8)


def test_a_variant_is_compared_with_itself_not_its_baseline():
    plan = controls.selfcheck(Request(names=("moments",), scale="laptop", case="case2", blocks=4))
    assert {arm.variant for arm in plan.arms} == {plan.baseline} == {"moments"}
    assert (plan.case, plan.scale, plan.blocks) == ("case2", "laptop", 4)


def test_a_variant_without_smoke_scale_uses_one_it_has():
    assert controls.selfcheck(Request(names=("large",))).scale == "laptop"


def test_a_file_without_scales_has_none(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("class Loop: ...\n")
    monkeypatch.chdir(tmp_path)
    plan = controls.selfcheck(Request(names=("mine.py:Loop",)))
    assert [arm.label for arm in plan.arms] == ["Loop", "Loop again", "Loop +6%"]
    assert plan.scale is None


@pytest.mark.parametrize(
    ("tolerance", "share", "label"),
    [
        (0.01, 0.05, "original +5%"),
        (0.025, 0.05, "original +5%"),
        (0.03, 0.06, "original +6%"),
        (0.0333, 0.067, "original +6.7%"),
        (0.5, 1.0, "original +100%"),
    ],
)
def test_the_slowdown_is_twice_the_tolerance_but_at_least_5_percent(tolerance, share, label):
    slowed = controls.selfcheck(Request(tolerance=tolerance)).arms[2]
    assert (slowed.slowdown, slowed.label) == (pytest.approx(share), label)


def test_requires_a_variant_if_none_is_registered(monkeypatch):
    monkeypatch.setattr(registry, "registered", Catalog)
    with pytest.raises(BadInput, match=r"name a variant \(--variant\)"):
        controls.selfcheck(Request())


@pytest.mark.parametrize("options", [{"names": ("",)}, {"tolerance": 0.0}, {"budget": "soon"}])
def test_rejects_impossible_requests(options):
    with pytest.raises(BadInput):
        controls.selfcheck(Request(**options))
