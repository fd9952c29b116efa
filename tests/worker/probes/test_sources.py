"""The text around the lines that are named: bounded, and only of the user's own files."""

import json

import pytest

from harness.worker.probes import places, sources
from harness.worker.probes.places import Line, name_line
from harness.worker.probes.sources import AROUND, LONGEST, MOST, read_sources
from harness.worker.wire.evidence import Between, LineUse


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(places, "_named", {})


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Returns the uses of these lines of a program with 2000 lines, which are their own numbers."""
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "train.py"
    file.write_text("".join(f"    x = {number}\n" for number in range(1, 2001)))
    return lambda *numbers: [LineUse(*name_line(Line(str(file), number)), 1.0) for number in numbers]


def test_lines_come_with_those_around_them_and_their_indentation(program):
    found = read_sources({"epoch": program(9)}, {})
    assert found == {"train.py": {number: f"    x = {number}" for number in range(9 - AROUND, 10 + AROUND)}}


def test_a_file_ends_where_it_ends(program):
    assert list(read_sources({"epoch": program(2000, 1)}, {})["train.py"]) == [1, 2, 3, 4, 1997, 1998, 1999, 2000]


def test_lines_between_operations_have_theirs_too(program):
    (use,) = program(20)
    found = read_sources({"epoch": program(10)}, {"epoch": [Between(use.where, use.text, 0.1)]})
    assert {10, 20} < found["train.py"].keys()
    assert 15 not in found["train.py"]


def test_the_lines_that_do_the_most_of_every_kind_come_first_where_there_is_no_room_for_all(program):
    found = read_sources({"data": program(*range(5, 1000, 10)), "full": program(*range(1005, 2000, 10))}, {})
    numbers = found["train.py"].keys()
    assert len(numbers) <= MOST
    assert {5, 15, 1005, 1015} < numbers
    assert not {995, 1995} & numbers
    assert list(numbers) == sorted(numbers)


def test_a_window_that_overlaps_another_needs_room_only_for_what_is_new(program, monkeypatch):
    monkeypatch.setattr(sources, "MOST", 8)
    assert list(read_sources({"epoch": program(10, 100, 11)}, {})["train.py"]) == list(range(7, 15))


def test_long_lines_are_cut(tmp_path):
    file = tmp_path / "long.py"
    file.write_text("x" * 300)
    use = LineUse(*name_line(Line(str(file), 1)), 1.0)
    (text,) = read_sources({"epoch": [use]}, {})[use.where.rpartition(":")[0]].values()
    assert len(text) == LONGEST
    assert text.endswith("...")


def test_no_other_file_is_read(tmp_path):
    library = LineUse(*name_line(Line(json.__file__, 100)), 1.0)
    unnamed = tmp_path / "secret.py"
    unnamed.write_text("password = 1\n")
    uses = [library, LineUse(f"{unnamed}:1", "password = 1", 1.0), LineUse("", "", 1.0), LineUse("(others)", "", 1.0)]
    assert read_sources({"epoch": uses}, {}) == {}


def test_a_line_that_is_no_longer_there_is_left_out(program):
    (use,) = program(9)
    assert read_sources({"epoch": [use._replace(text="x = 10")]}, {}) == {}
    assert read_sources({"epoch": [use._replace(where="train.py:9999", text="")]}, {}) == {}


def test_files_whose_shortened_paths_are_alike_are_not_confused(tmp_path):
    (one, other) = (tmp_path / folder / "a" / "b" / "c" / "net.py" for folder in ("one", "other"))
    for file, text in ((one, "first = 1\n"), (other, "second = 2\n")):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    first, second = (LineUse(*name_line(Line(str(file), 1)), 1.0) for file in (one, other))
    assert first.where == second.where
    assert read_sources({"epoch": [second, first]}, {}) == {"b/c/net.py": {1: "first = 1"}}
