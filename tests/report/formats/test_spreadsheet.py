import csv
import io

import pytest
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import ArmEnd
from harness.report.formats import spreadsheet
from harness.report.summarize import summarize


def rows(run):
    return list(csv.DictReader(io.StringIO(spreadsheet.render(summarize(run)), newline="")))


def test_one_row_per_arm_with_units_in_column_names():
    first, second = rows(record({"a": {DATA: 0.2, REFINE: 1.0, FULL: 0.1}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}))
    assert (first["arm"], first["verdict"], first["total_time ratio"]) == ("a", "", "")
    assert (second["arm"], second["verdict"], second["baseline"], second["partial"]) == ("b", "faster", "a", "no")
    assert float(second["total_time ratio"]) == pytest.approx((4 + 1 + 6) / (8 + 1 + 6))
    assert float(second["total_time ratio low"]) <= float(second["total_time ratio"])
    assert float(second["epoch_time data (s)"]) == 0.1
    assert float(second["epoch_time data ratio"]) == pytest.approx(0.5)
    assert second["peak_memory (bytes)"] == "1000000002"
    assert second["peak_tensors (bytes)"] == ""


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")'])
def test_text_is_never_a_formula(name):
    run = record({"a": {DATA: 0.2}, name: {name: 0.1, DATA: 0.1}})
    run.add(ArmEnd(block=2, group=0, arm=name, status="failed", reason=f"{name}\nboom", moment="in epoch 3"))
    text = spreadsheet.render(summarize(run))
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert f"'{name.strip()}" in cells
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))]
    assert not [cell for cell in cells if "\n" in cell]
