"""The names of the files that Perfetto and speedscope open."""

import re

from hypothesis import given
from hypothesis import strategies as st

from harness.record.drawings import find_drawings, name_lines_file


def test_one_arm_needs_no_name_and_several_have_theirs():
    assert name_lines_file(["original"], "original") == "lines.json"
    labels = ["original", "old/bin/python train.py --width 128"]
    assert [name_lines_file(labels, one) for one in labels] == [
        "lines-original.json",
        "lines-old-bin-python-train.py-width-128.json",
    ]


@given(st.lists(st.text(max_size=90), unique=True, min_size=1, max_size=4))
def test_each_arm_has_a_file_of_its_own_with_a_safe_name(labels):
    names = [name_lines_file(labels, one) for one in labels]
    assert len({name.casefold() for name in names}) == len(labels)
    assert all(re.fullmatch(r"lines[\w.+-]*\.json", name, flags=re.ASCII) and len(name) < 90 for name in names)


def test_finds_them_beside_a_record(tmp_path):
    assert find_drawings(tmp_path) == []
    for name in ("lines-b.json", "lines-a.json", "timeline.json", "run.jsonl"):
        (tmp_path / name).touch()
    assert find_drawings(tmp_path) == ["timeline.json", "lines-a.json", "lines-b.json"]
