"""Differences that make a stored run incomparable with a new one."""

import pytest
from msgspec.structs import replace
from simulated import FULL, record

from harness.errors import NotComparable
from harness.record.compatibility import differences, refuse
from harness.record.schema import ArmEnd
from harness.worker.frameworks import result_variables

PYTHON = {"python": "3.11.7", "pinn-harness": "0.1.0"}


@pytest.fixture
def found(monkeypatch):
    """The kinds and descriptions of the differences between a stored run and this environment."""
    for name in result_variables():
        monkeypatch.delenv(name, raising=False)

    def of(loaded=None, at_its_end=None, installed=None, here=None, environment=None):
        run = stored(loaded or {}, at_its_end or {}, PYTHON | (installed or {}), environment or {})
        return list(differences(run, run.plan, {}, PYTHON | (here or {})))

    return of


def stored(loaded, at_its_end, installed, environment):
    run = record({"a": {FULL: 0.1}}, blocks=1)
    run.head = replace(run.header, versions=installed)
    run.ready[:] = [replace(line, versions=loaded, environment=environment) for line in run.ready]
    run.add(ArmEnd(block=0, group=0, arm="a", status="ok", versions=at_its_end))
    return run


def test_loaded_libraries_must_have_the_same_version(found):
    torch = {"torch": "2.13.0"}
    assert found(torch, installed=torch, here=torch) == []
    assert found(torch, installed=torch, here={"torch": "2.14.0"}) == [
        ("versions", "it ran with torch 2.13.0, here it is 2.14.0")
    ]
    assert found(torch, installed=torch) == [("versions", "it ran with torch 2.13.0, here it is not installed")]
    assert found(at_its_end=torch, installed=torch, here={"torch": "2.14.0"}), "loaded in its first epoch"


def test_libraries_not_loaded_may_have_any_version(found):
    assert found({"numpy": "2.4"}, installed={"numpy": "2.4"}, here={"numpy": "2.4", "torch": "2.14.0"}) == []
    assert found(installed={"torch": "2.13.0"}) == []


def test_earlier_records_use_distribution_names_or_none(found):
    old = {"tf-keras": "2.21.0"}
    assert found({"tf_keras": "2.21.0"}, installed=old, here={"tf_keras": "2.21.0"}) == []
    assert found({"tf_keras": "2.21.0"}, installed=old, here={"tf_keras": "2.20.0"}) != []
    assert found({"jax": "0.10.2"}, here={"jax": "0.10.2"}) == []
    assert found({"jax": "0.10.2"}, here={"jax": "0.11.0"}) != []


def test_backend_choice_is_checked_by_its_variable_only(found):
    both = {"keras": "3.15"}
    assert found(both | {"keras on": "jax"}, installed=both, here=both) == []


@pytest.mark.parametrize("name", ["KERAS_BACKEND", "DDE_BACKEND", "JAX_ENABLE_X64", "TF_USE_LEGACY_KERAS", "XLA_FLAGS"])
def test_variables_that_affect_results_must_be_equal(found, monkeypatch, name):
    assert found(environment={name: "x"}) == [("environment", f"its {name} was x, here it is not set")]
    monkeypatch.setenv(name, "y")
    assert found(environment={name: "x"}) == [("environment", f"its {name} was x, here it is y")]
    assert found() == [("environment", f"its {name} was not recorded, here it is y")]
    assert found(environment={name: "y"}) == []


def test_each_kind_of_difference_may_be_allowed():
    run = stored({"torch": "2.13.0"}, {}, PYTHON, {})
    with pytest.raises(NotComparable, match=r"here it is 2\.14\.0 \(--allow versions\)"):
        refuse(run, run.plan, {}, PYTHON | {"torch": "2.14.0"}, ["seed"])
    refuse(run, run.plan, {}, PYTHON | {"torch": "2.14.0"}, ["versions"])
