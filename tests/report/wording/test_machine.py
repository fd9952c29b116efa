import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.machine.facts import NOTE, OK, UNREADABLE, WARN
from harness.report.wording.machine import company, findings

QUIET = {
    "cores": 4,
    "cores_online": 4,
    "threads_per_core": 1,
    "governor": "performance",
    "turbo": False,
    "load": 0.1,
    "busy_elsewhere": 0.01,
    "stolen": 0.0,
    "virtual": False,
    "quota_cores": None,
    "throttled": None,
    "memory_free_bytes": 9_000_000_000,
    "memory_limit_bytes": None,
    "swap_used_bytes": 0,
    "environment": {},
    "frameworks": {"TensorFlow": "2.21.0 (cp311-cp311-manylinux_2_27_x86_64)", "JAX": "0.10.2"},
    "framework_settings": {},
    "other_runs": [],
}


def found(what, **facts):
    return next(finding for finding in findings(QUIET | facts) if finding.what == what)


def test_no_findings_on_a_quiet_machine():
    for finding in findings(QUIET):
        assert (finding.level, finding.do) == (OK, ""), finding
        assert finding.means.endswith(".")


@pytest.mark.parametrize(
    ("what", "facts", "level", "message"),
    [
        ("other runs", {"other_runs": [7, 9]}, WARN, "7, 9"),
        ("other load", {"busy_elsewhere": 0.12}, NOTE, "12 %"),
        ("other load", {"busy_elsewhere": 1.0}, WARN, "100 %"),
        ("load average", {"load": 2.5}, NOTE, "2.5"),
        ("cores", {"cores": 2}, NOTE, "2 of 4"),
        ("cores", {"cores": 1, "cores_online": 1}, NOTE, "1 of 1"),
        ("threads a core", {"threads_per_core": 2}, NOTE, "2"),
        ("governor", {"governor": "powersave"}, NOTE, "powersave"),
        ("turbo", {"turbo": True}, NOTE, "on"),
        ("virtual machine", {"virtual": True}, NOTE, "yes"),
        ("stolen time", {"stolen": 0.01}, NOTE, "1 %"),
        ("stolen time", {"stolen": 0.05}, WARN, "5 %"),
        ("container's cores", {"quota_cores": 1.5}, WARN, "1.5 of 4 cores"),
        ("throttled", {"throttled": 0.02}, NOTE, "2 %"),
        ("throttled", {"throttled": 0.4}, WARN, "40 %"),
        ("free memory", {"memory_free_bytes": 10**9, "memory_limit_bytes": 2 * 10**9}, WARN, "limit 2.00 GB"),
        ("swap in use", {"swap_used_bytes": 10**9}, NOTE, "GB"),
        ("threads set", {"environment": {"OMP_NUM_THREADS": "8"}}, NOTE, "OMP_NUM_THREADS=8"),
        ("framework settings", {"framework_settings": {"TF_ENABLE_ONEDNN_OPTS": "0"}}, NOTE, "TF_ENABLE_ONEDNN_OPTS=0"),
    ],
)
def test_each_finding_has_its_effect_and_advice(what, facts, level, message):
    finding = found(what, **facts)
    assert finding.level == level
    assert message in str(finding.value)
    assert finding.do


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("other load", {"busy_elsewhere": 0.09}),
        ("load average", {"load": 1.9}),
        ("stolen time", {"stolen": 0.004}),
        ("container's cores", {"quota_cores": 4.0}),
        ("throttled", {"throttled": 0.001}),
        ("free memory", {"memory_free_bytes": 3 * 10**9}),
        ("swap in use", {"swap_used_bytes": 5 * 10**7}),
    ],
)
def test_small_amounts_are_harmless(what, facts):
    assert found(what, **facts).level == OK


def test_a_container_that_allows_part_of_a_core_is_given_one_thread():
    assert "--threads 1" in found("container's cores", quota_cores=0.5).do
    assert "--threads 2" in found("container's cores", quota_cores=2.9).do


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("other load", "busy_elsewhere"),
        ("load average", "load"),
        ("cores", "cores_online"),
        ("threads a core", "threads_per_core"),
        ("governor", "governor"),
        ("turbo", "turbo"),
        ("virtual machine", "virtual"),
        ("stolen time", "stolen"),
        ("free memory", "memory_free_bytes"),
        ("swap in use", "swap_used_bytes"),
    ],
)
def test_reports_unreadable_facts(what, name):
    finding = found(what, **{name: None})
    assert (finding.value, finding.level) == (UNREADABLE, NOTE)


def test_framework_build_differs_from_its_version():
    assert found("frameworks").value == "TensorFlow 2.21.0, JAX 0.10.2"
    assert "TensorFlow (cp311-cp311-manylinux_2_27_x86_64)" in found("frameworks").means
    plain = found("frameworks", frameworks={"TensorFlow": "2.22"})
    assert plain.value == "TensorFlow 2.22"
    assert plain.means == "Times and losses hold for the installed versions."
    assert found("frameworks", frameworks={}).value == "none installed"


def test_an_older_record_with_fewer_facts_has_fewer_findings():
    assert findings({}) == []
    assert findings({"system": "Linux", "cores": 2, "memory_bytes": 10**9, "load": 0.5}) == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(QUIET)), anything))
def test_arbitrary_facts_do_not_crash(facts):
    for finding in findings(facts):
        assert finding.level in (OK, NOTE, WARN)
        json.loads(msgspec.json.encode(finding))
    company(facts)


def test_other_runs_are_one_sentence_with_processes():
    assert company(QUIET) is None
    assert company({}) is None
    assert "Another harness run was" in company({"other_runs": [12]})
    assert "(process 12)" in company({"other_runs": [12]})
    assert "(processes 12, 13)" in company({"other_runs": [12, 13]})
