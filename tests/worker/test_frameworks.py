import sys

import pytest

from harness.worker import frameworks
from harness.worker.probes.base import Framework
from harness.worker.probes.tensorflow import TensorFlow

EVERY = {*(one.module for one in frameworks.FRAMEWORKS), "jax._src.xla_bridge"}


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
        monkeypatch.setattr(TensorFlow, "has_traced", lambda self: traced)
        return frameworks.unobserved()

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
    assert (
        idle["traces"] == "those of PyTorch are not observed, and TensorFlow, which is also loaded, has traced nothing"
    )


def test_a_jax_that_tensorflow_has_imported_and_nobody_uses_changes_nothing(unobserved):
    assert unobserved("tensorflow", "jax", jax_computes=False) == {}
    assert unobserved("tensorflow", "jax").keys() == {"traces", "compilations"}


def test_what_compiles_in_others_or_not_at_all_is_nothing_to_observe(unobserved):
    nothing = dict.fromkeys(["traces", "compilations"], frameworks.NOTHING_TRACES)
    assert unobserved("numpy", "keras", "deepxde") == nothing
    assert unobserved("tensorflow", "numpy", "keras", "deepxde") == {}


def test_every_framework_is_known_by_a_name_and_a_module_of_its_own():
    names = [one.name for one in frameworks.FRAMEWORKS]
    assert {"TensorFlow", "PyTorch", "JAX", "PaddlePaddle", "Numba", "NumPy", "Keras", "DeepXDE"} <= set(names)
    assert all(names)
    assert len({one.module for one in frameworks.FRAMEWORKS}) == len(set(names)) == len(names)
    assert all(one.module in one.libraries for one in frameworks.FRAMEWORKS)
    variables = [*frameworks.thread_variables(), *frameworks.result_variables(), *frameworks.libraries()]
    assert len(variables) == len(set(variables))


def test_of_several_frameworks_all_are_named(unobserved, monkeypatch):
    class Other(Framework):
        name = "Other"
        module = "sys"

    monkeypatch.setattr(frameworks, "FRAMEWORKS", [*frameworks.FRAMEWORKS, Other()])
    assert unobserved("jax", "torch")["traces"] == "those of JAX, PyTorch and Other are not observed"


@pytest.mark.parametrize(("seed", "within"), [(7, 7), (2**32 + 7, 7)])
def test_a_seed_is_what_its_generator_can_take_and_set_only_where_it_is_loaded(monkeypatch, seed, within):
    given = []

    class Own(Framework):
        module = "of_ones_own"
        generator = ("random.seed", 2**32)

    own = Own()
    own.seed(seed)
    assert own.loaded is None
    module = type(sys)("of_ones_own")
    module.random = type("random", (), {"seed": given.append})
    monkeypatch.setitem(sys.modules, "of_ones_own", module)
    own.seed(seed)
    own.seed_when_imported(seed)
    assert given == [within, within]
