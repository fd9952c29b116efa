import sys

import pytest

from harness.worker import frameworks

EVERY = {*frameworks.OTHERS, "tensorflow", "jax._src.xla_bridge"}


@pytest.fixture
def unobserved(monkeypatch):
    """What is not observed with these modules loaded, and no other framework."""

    def of(*loaded, traced=False, jax_computes=True):
        for name in EVERY:
            monkeypatch.delitem(sys.modules, name, raising=False)
        for name in loaded:
            monkeypatch.setitem(sys.modules, name, type(sys)(name))
        if "jax" in loaded:
            bridge = type(sys)("xla_bridge")
            bridge._backends = {"cpu": object()} if jax_computes else {}
            monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", bridge)
        return frameworks.unobserved(traced)

    return of


def test_tensorflow_alone_is_observed(unobserved):
    assert unobserved("tensorflow") == {}
    assert unobserved("tensorflow", traced=True) == {}


def test_where_nothing_traces_there_is_nothing_to_count(unobserved):
    assert unobserved() == dict.fromkeys(["traces", "compilations"], frameworks.NOTHING_TRACES)


@pytest.mark.parametrize(
    ("loaded", "whose"), [(["jax"], "JAX"), (["torch"], "PyTorch"), (["jax", "torch"], "JAX and PyTorch")]
)
def test_what_other_frameworks_trace_is_not_observed(unobserved, loaded, whose):
    assert unobserved(*loaded) == dict.fromkeys(["traces", "compilations"], f"those of {whose} are not observed")


def test_beside_another_framework_the_counts_are_tensorflows_if_that_traces(unobserved):
    assert unobserved("tensorflow", "torch", traced=True) == {
        "traces and compilations of PyTorch": "only TensorFlow's are observed"
    }
    idle = unobserved("tensorflow", "torch")
    assert idle.keys() == {"traces", "compilations"}
    assert idle["traces"] == "those of PyTorch are not observed, and TensorFlow, which is loaded too, traced nothing"


def test_a_jax_that_tensorflow_has_imported_and_nobody_uses_changes_nothing(unobserved):
    assert unobserved("tensorflow", "jax", jax_computes=False) == {}
    assert unobserved("tensorflow", "jax").keys() == {"traces", "compilations"}
