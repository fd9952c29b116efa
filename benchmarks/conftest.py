"""Every run is saved, so that `pytest benchmarks --benchmark-compare` compares with the last one on this machine.

With `--benchmark-compare-fail` only the first one is: a run that failed must not be what the next one is held against.
"""

import os
from collections.abc import Callable
from functools import partial

import pytest
from pytest_benchmark.utils import get_tag

from variants.breakage.scales import SCALES
from variants.recipes import collection

# Before TensorFlow loads: it should report its errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--scale", default="smoke", choices=tuple(SCALES), help="how large (default: smoke)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # pytest-benchmark reads its options in its own pytest_configure.
    config.option.benchmark_autosave = get_tag()


def pytest_sessionstart(session: pytest.Session) -> None:
    benchmarks = session.config._benchmarksession
    if benchmarks.compare_fail and benchmarks.compared_mapping:
        benchmarks.autosave = None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # As part of a benchmark's name, the scale keeps a run from being compared with one of another scale.
    if "scale" in metafunc.fixturenames:
        metafunc.parametrize("scale", [metafunc.config.getoption("scale")], scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    session = config._benchmarksession
    known = {name for earlier in session.compared_mapping.values() for name in earlier}
    if session.compare and session.benchmarks and known.isdisjoint(each.fullname for each in session.benchmarks):
        terminalreporter.write_line(
            f"Nothing to compare with yet: the next run will be compared with this one, in {session.storage.path}.",
            yellow=True,
        )


@pytest.fixture
def build(scale: str) -> Callable:
    """Build a trainer of case 1: `build(name)`."""
    builds = {variant.name: variant.build for variant in collection.variants}
    return lambda name: partial(builds[name], case="case1", scale=scale, seed=0)()
