import sys
import types

import pytest

from harness.worker import frameworks
from harness.worker.probes.base import Framework
from harness.worker.probes.tensorflow import TensorFlow

EVERY = {one.module for one in frameworks.FRAMEWORKS}


@pytest.fixture
def unobserved(monkeypatch):
    """The metrics that are not observed with only these modules loaded."""

    def of(*loaded, traced=False):
        for name in EVERY:
            monkeypatch.delitem(sys.modules, name, raising=False)
        for name in loaded:
            monkeypatch.setitem(sys.modules, name, type(sys)(name))
        monkeypatch.setattr(TensorFlow, "has_traced", lambda self: traced)
        return frameworks.unobserved()

    return of


@pytest.mark.parametrize("loaded", [["tensorflow"], ["jax"], ["torch"], ["tensorflow", "jax", "torch"]])
def test_tensorflow_jax_and_pytorch_are_observed(unobserved, loaded):
    assert unobserved(*loaded) == {}
    assert unobserved(*loaded, traced=True) == {}


def test_nothing_to_count_without_tracing(unobserved):
    assert unobserved() == dict.fromkeys(["traces", "compilations"], frameworks.NOTHING_TRACES)


@pytest.mark.parametrize(
    ("loaded", "listed"),
    [(["numba"], "Numba"), (["paddle"], "PaddlePaddle"), (["paddle", "numba"], "PaddlePaddle and Numba")],
)
def test_traces_of_other_frameworks_are_not_observed(unobserved, loaded, listed):
    assert unobserved(*loaded) == dict.fromkeys(["traces", "compilations"], f"those of {listed} are not observed")


def test_beside_another_framework_the_counts_are_tensorflows_if_that_traces(unobserved):
    assert unobserved("tensorflow", "numba", traced=True) == {
        "traces and compilations of Numba": "only TensorFlow's are observed"
    }
    idle = unobserved("tensorflow", "numba")
    assert idle.keys() == {"traces", "compilations"}
    assert idle["traces"] == "those of Numba are not observed, and TensorFlow, which is also loaded, has traced nothing"


def test_libraries_that_do_not_compile_themselves_are_not_observed(unobserved):
    nothing = dict.fromkeys(["traces", "compilations"], frameworks.NOTHING_TRACES)
    assert unobserved("numpy", "keras", "deepxde") == nothing
    assert unobserved("tensorflow", "numpy", "keras", "deepxde") == {}


def test_every_framework_has_a_unique_name_and_module():
    names = [one.name for one in frameworks.FRAMEWORKS]
    assert {"TensorFlow", "PyTorch", "JAX", "PaddlePaddle", "Numba", "NumPy", "Keras", "DeepXDE"} <= set(names)
    assert all(names)
    assert len({one.module for one in frameworks.FRAMEWORKS}) == len(set(names)) == len(names)
    assert all(one.module in one.libraries for one in frameworks.FRAMEWORKS)
    variables = [*frameworks.thread_variables(), *frameworks.result_variables(), *frameworks.libraries()]
    assert len(variables) == len(set(variables))


def test_names_all_of_several_frameworks(unobserved, monkeypatch):
    class Other(Framework):
        name = "Other"
        module = "sys"

    monkeypatch.setattr(frameworks, "FRAMEWORKS", [*frameworks.FRAMEWORKS, Other()])
    assert unobserved("paddle", "numba")["traces"] == "those of PaddlePaddle, Numba and Other are not observed"


@pytest.mark.parametrize(("seed", "within"), [(7, 7), (2**32 + 7, 7)])
def test_seeds_fit_their_generators_and_are_set_only_if_loaded(monkeypatch, seed, within):
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


class Counting(Framework):
    name, module, thread_setter = "Counting", "counting_library", "config.set_threads"


def test_the_line_that_sets_threads_is_noted(monkeypatch):
    library = types.ModuleType("counting_library")
    given = []
    library.config = types.SimpleNamespace(set_threads=given.append)
    monkeypatch.setitem(sys.modules, "counting_library", library)
    one = Counting()
    one.watch_threads()
    assert one.threads_set_by == ""
    line = sys._getframe().f_lineno + 1
    library.config.set_threads(3)
    assert given == [3]
    assert one.threads_set_by.rpartition("/")[2] == f"test_frameworks.py:{line}"


def test_a_version_without_the_function_that_sets_threads_is_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "counting_library", types.ModuleType("counting_library"))
    one = Counting()
    one.watch_threads()
    assert one.threads_set_by == ""
