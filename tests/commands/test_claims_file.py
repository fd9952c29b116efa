"""Reading a file of claims; an error is one sentence with the location."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT

from harness.analysis.metrics.registry import METRICS
from harness.catalog.registry import registered
from harness.commands.claims_file import read
from harness.errors import BadInput

SHIPPED = ROOT / "reports" / "breakage" / "claims.toml"
GOOD = {"words": '"it is faster"', "metric": '"total_time"', "arm": '"b"', "is": '"less"'}
SINGLE = [name for name, metric in METRICS.items() if not metric.members]
FORMER = [name for metric in METRICS.values() for name in metric.formerly]


def written(tmp_path, **lines):
    path = tmp_path / "claims.toml"
    keys = {"is" if key == "is_" else key: value for key, value in lines.items()}
    path.write_text("[[claim]]\n" + "\n".join(f"{key} = {value}" for key, value in (GOOD | keys).items() if value))
    return path


def test_claims_in_the_notes_name_existing_variants_and_metrics():
    claims = read(SHIPPED)
    assert len(claims) == 16
    for claim in claims:
        assert claim.arm in registered().variants
        assert claim.baseline is None or claim.baseline in registered().variants
        family, _, metric = claim.metric.partition(".")
        if family == "quality":
            assert metric in registered().variants[claim.arm].metrics
        assert claim.words
        assert claim.place


def test_a_claim_may_omit_defaults(tmp_path):
    (claim,) = read(written(tmp_path))
    assert (claim.words, claim.metric, claim.arm, claim.relation) == ("it is faster", "total_time", "b", "less")
    assert (claim.baseline, claim.factor, claim.kind, claim.tolerance) == (None, None, None, None)


@pytest.mark.parametrize("metric", [*SINGLE, *FORMER, "quality.misplaced_mass", "growth.batch_points"])
def test_every_metric_can_be_claimed(tmp_path, metric):
    (claim,) = read(written(tmp_path, metric=f'"{metric}"', is_='"same"'))
    assert claim.metric == metric


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"factr": "10"}, "claim 1: there is no key 'factr'; did you mean 'factor'?"),
        ({"metric": '"totl_time"'}, "claim 1: there is no metric 'totl_time'; did you mean 'total_time'?"),
        ({"metric": '"growth."'}, "there is no metric 'growth.'"),
        ({"arm": ""}, "missing required field `arm`"),
        ({"is_": '"lower"'}, "Invalid enum value 'lower'"),
        ({"factor": '"ten"'}, "Expected `float | null`, got `str` - at `$.factor`"),
        ({"factor": "0.1"}, "factor must be more than 1, such as 10 for ten times, not 0.1."),
        ({"factor": "10", "is_": '"same"'}, "a factor goes with less or more, not with 'same'."),
        ({"tolerance": "3"}, "tolerance must be a share above 0 and at most 1, not 3."),
        ({"kind": '"full"'}, "kind is for the metric epoch_time, not for total_time."),
        ({"metric": '"objective"'}, "an objective can only be claimed to be the same, not 'less'."),
        ({"metric": '"growth.batch_points"', "baseline": '"a"'}, "leave baseline out"),
    ],
)
def test_rejects_an_invalid_claim_with_its_location(tmp_path, lines, message):
    with pytest.raises(BadInput) as error:
        read(written(tmp_path, **lines))
    assert message in str(error.value)
    assert str(tmp_path / "claims.toml") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("words = ", "is not TOML"),
        ("[[claims]]\n", "there is no 'claims'; did you mean 'claim'?"),
        ("", "has no claims"),
        ("claim = 3", "has no claims"),
        ("claim = [3]", "claim 1: Expected `object`, got `int`"),
        ("\xff", "is not TOML"),
    ],
)
def test_rejects_an_invalid_claims_file(tmp_path, content, message):
    path = tmp_path / "claims.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInput, match=message):
        read(path)


def test_rejects_a_missing_file(tmp_path):
    with pytest.raises(BadInput, match="There are no readable claims at"):
        read(tmp_path / "nosuch.toml")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_cause_an_internal_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("claims") / "claims.toml"
    path.write_bytes(content)
    try:
        read(path)
    except BadInput as error:
        assert str(path) in str(error)
