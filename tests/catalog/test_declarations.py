"""What a variant declares, read from its source without running it."""

import sys

import pytest

from harness.catalog.declarations import declared
from harness.errors import BadInput

RAISES = "raise RuntimeError('this must not run')\n"


def of(tmp_path, definition, name="mine"):
    path = tmp_path / "mine.py"
    path.write_text(RAISES + definition)
    return declared(f"{path}:{name}")


@pytest.mark.parametrize(
    "definition",
    [
        "mine = Variant('mine', 'text', build, settings={'a': 1})",
        "mine = harness.Variant(name='mine', summary='text', build=build, settings={'a': 1})",
        "mine: Variant = Variant('mine', 'text', build, None, (), (), (), None, {'a': 1})",
        "mine = 3\nmine = Variant('mine', 'text', build, settings={'a': 1})",
    ],
)
def test_reads_settings_in_any_form_of_declaration(tmp_path, definition):
    found = of(tmp_path, definition)
    assert found.settings == {"a": 1}
    assert found.changes == {}
    assert found.builder == of(tmp_path, "mine = Variant('other', 'text', build)").builder


def test_the_last_definition_counts(tmp_path):
    assert of(tmp_path, "mine = Variant('mine', 'text', build, settings={'a': 1})\nmine = 3").settings == {}


def test_distinguishes_variants_of_different_builders(tmp_path):
    one = of(tmp_path, "mine = Variant('mine', 'text', build)")
    assert one.builder != of(tmp_path, "mine = Variant('mine', 'text', partial(build, 3))").builder


def test_builders_of_the_same_name_in_two_files_differ(tmp_path):
    definition = "def build(): ...\nmine = Variant('mine', 'text', build)"
    (tmp_path / "there").mkdir()
    assert of(tmp_path, definition).builder != of(tmp_path / "there", definition).builder
    assert of(tmp_path, definition).builder == of(tmp_path, definition).builder
    shared = "from common import build\nmine = Variant('mine', 'text', build)"
    assert of(tmp_path, shared).builder == of(tmp_path / "there", shared).builder


@pytest.mark.parametrize("definition", ["mine = build(3)", "def mine(): ...", "mine = Other('x', settings={'a': 1})"])
def test_no_declaration_for_a_non_variant(tmp_path, definition):
    found = of(tmp_path, definition)
    assert (found.settings, found.changes, found.builder) == ({}, {}, None)


@pytest.mark.parametrize(
    "settings",
    ["dict(a=1)", "{'a': one}", "{'a': {1}}", "{'a': b'x'}", "{'a': (1, 2)}", "{1: 2}", "{'a': 1j}", "[1]", "SETTINGS"],
)
def test_rejects_computed_or_unserializable_settings(tmp_path, settings):
    with pytest.raises(BadInput, match="write them as a literal dictionary, by names"):
        of(tmp_path, f"mine = Variant('mine', 'text', build, settings={settings})")


def test_reads_a_variant_from_a_module(tmp_path, monkeypatch):
    (tmp_path / "declaring.py").write_text(RAISES + "mine = Variant('mine', 'text', build, changes={'a': 'b'})")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert declared("declaring:mine").changes == {"a": "b"}
    assert "declaring" not in sys.modules


def test_no_declaration_without_source():
    with pytest.raises(BadInput, match="no Python source"):
        declared("math:sqrt")


def test_a_registered_variant_declares_itself():
    original, fast = declared("original"), declared("fast")
    assert original.builder == fast.builder
    assert original.settings["nodes"] == "fine"
    assert fast.settings["nodes"] == "coarse"
