import sys
from importlib import metadata

import pytest

from harness.worker import frameworks, libraries
from harness.worker.imports import distributions


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a module from a distribution of the given name."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(module, distribution, version):
        (tmp_path / f"{module}.py").write_text("raise AssertionError('nobody is to import this')")
        place = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (place / "top_level.txt").write_text(f"{module}\n")
        distributions._list_installers.cache_clear()

    yield install
    distributions._list_installers.cache_clear()


def test_a_library_is_identified_by_its_module_not_its_distribution(installed, monkeypatch):
    monkeypatch.setattr(frameworks, "libraries", lambda: ["physicslib", "otherlib", "nosuchlib", "numpy"])
    installed("physicslib", "physicslib-cpu", "2.1")
    installed("otherlib", "otherlib", "0.3")
    assert libraries.installed() == {"physicslib": "2.1", "otherlib": "0.3", "numpy": metadata.version("numpy")}


def test_a_library_that_is_only_on_the_path_has_no_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "checkedout.py").write_text("")
    monkeypatch.setattr(frameworks, "libraries", lambda: ["checkedout"])
    assert libraries.installed() == {}


def module(**attributes):
    made = type(sys)("made")
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def test_lists_a_loaded_module_without_a_version(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", module())
    assert libraries.loaded()["jax"] == "?"


def test_libraries_on_other_frameworks_name_their_backend(monkeypatch):
    monkeypatch.setitem(sys.modules, "deepxde", module(__version__="1.15"))
    monkeypatch.setitem(sys.modules, "deepxde.backend", module(backend_name="pytorch"))
    monkeypatch.setitem(sys.modules, "keras", module(__version__="3.15"))
    monkeypatch.setitem(sys.modules, "keras.config", module(backend=lambda: "jax"))
    found = libraries.loaded()
    assert (found["deepxde"], found["deepxde on"]) == ("1.15", "pytorch")
    assert (found["keras"], found["keras on"]) == ("3.15", "jax")
    monkeypatch.setitem(sys.modules, "keras.config", module())
    assert "keras on" not in libraries.loaded()
