"""Saves every run, so that `pytest benchmarks --benchmark-compare` compares with the latest one on this machine.

With `--benchmark-compare-fail`, only the first run is saved, because the next run must not be compared with a run that
failed.
"""

import os
from collections.abc import Callable
from functools import partial

import pytest
from pytest_benchmark.utils import get_tag

from variants.breakage.scales import SCALES
from variants.recipes import collection

# Set before TensorFlow is loaded, so that it only reports errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--scale", default="smoke", choices=tuple(SCALES), help="how large (default: smoke)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # This must run before pytest-benchmark reads its options in its own pytest_configure.
    config.option.benchmark_autosave = get_tag()


def pytest_sessionstart(session: pytest.Session) -> None:
    benchmarks = session.config._benchmarksession
    if benchmarks.compare_fail and benchmarks.compared_mapping:
        benchmarks.autosave = None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # The scale becomes part of a benchmark's name, so that runs of different scales are not compared.
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
    """Return a function that builds a trainer for case 1: `build(name)`."""
    builds = {variant.name: variant.build for variant in collection.variants}
    return lambda name: partial(builds[name], case="case1", scale=scale, seed=0)()
