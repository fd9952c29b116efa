import re
from pathlib import Path

import pytest
from simulated import DATA, FULL, REFINE, record

from harness.errors import BadInput
from harness.report.formats.formats import ALL, USUAL, files, parse
from harness.report.summarize import summarize


def written(formats, run):
    return dict(files(formats, summarize(run), run, Path()))


def test_formats_are_listed_with_commas():
    assert parse(USUAL) == ["md", "html", "csv"]
    assert parse("HTML, md,html") == ["html", "md"]
    for wrong in ("", "pdf", "md,,csv"):
        with pytest.raises(BadInput):
            parse(wrong)


def test_the_markdown_shows_the_pictures_beside_it():
    run = record({"a": {DATA: 0.2, REFINE: 1.0, FULL: 0.1}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}})
    found = written(["md"], run)
    assert set(found) == {"report.md", "charts/ratios.svg", "charts/epochs.svg"}
    shown = re.findall(r"^!\[.+\]\((.+)\)$", found["report.md"], re.MULTILINE)
    assert {"report.md", *shown} == set(found)
    assert found["report.md"].index("## Cost") < found["report.md"].index("![") < found["report.md"].index("## Counts")


def test_every_format_has_a_file_of_its_name():
    found = written(ALL, record({"a": {DATA: 0.2}}))
    assert {f"report.{name}" for name in ALL} <= set(found)
