"""The page in a real browser: it opens from disk, fetches nothing, sorts, highlights an arm, and follows the theme."""

import os
import shutil
from pathlib import Path

import pytest
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import ArmEnd, Work
from harness.report.formats import page
from harness.worker.wire.evidence import Between, Caller, LineUse, Timed

SCRIPT = "<script>alert(1)</script>"
HOSTILE = "'] || alert(1) || datum['</script><img src=x onerror=alert(1)>"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def times(factor):
    return {DATA: 0.1 * factor, REFINE: 1.0 * factor, FULL: 0.2 * factor}


def work(arm, text="u = net(x)"):
    """Half of the time is in operations of one line, a quarter in another one between operations; the rest is not
    known. The first line does four fifths of the arithmetic."""
    ways = [Caller("b.py:1", text, 6e6, 0.03), Caller("b.py:2", "g(x)", 2e6, 0.02)]
    uses = [LineUse("a.py:12", text, 8e6, ways, 0.05), LineUse("", "", 2e6, [], 0.0)]
    return Work(
        block=0,
        group=0,
        arm=arm,
        flops={},
        lines={FULL: uses},
        timed={FULL: Timed(0.1, 0.05)},
        between={FULL: [Between("a.py:40", text, 0.025)]},
        sources={"a.py": {10: f"# {text}", 11: "for x in points:", 12: f"    {text}", 40: text}},
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    run = record({"original": times(1), SCRIPT: times(0.1), HOSTILE: times(2), "broken": times(1)})
    run.add(
        ArmEnd(
            block=2,
            group=0,
            arm="broken",
            status="failed",
            reason=f"ValueError: {SCRIPT}",
            moment="in epoch 3",
            last_lines=[SCRIPT],
        )
    )
    run.works += [work("original"), work(HOSTILE, f"x = '{HOSTILE}'  # {'long' * 40}")]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page.render(contents(run)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as driver:
        found = next(filter(None, map(shutil.which, NAMES)), driver.chromium.executable_path)
        if not Path(found).exists():
            pytest.skip("there is no Chromium here: install one, or run `playwright install chromium`")
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to run as root
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, file):
    """Opens the page; any console message or request fails the test."""
    messages, requests, pages = [], [], []

    def at(width=1280, scheme="light"):
        tab = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.on("console", lambda message: messages.append(message.text))
        tab.on("pageerror", lambda error: messages.append(str(error)))
        tab.on("dialog", lambda dialog: (messages.append("a dialog"), dialog.dismiss()))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(file.as_uri())
        tab.wait_for_selector("html[data-drawn]")
        pages.append(tab)
        return tab

    yield at
    for tab in pages:
        tab.close()
    assert messages == []
    assert requests == [file.as_uri()] * len(pages)


def arms(tab):
    return tab.locator("table").first.locator("tbody th").all_inner_texts()


def test_names_are_escaped_and_everything_fits(opened):
    for width in (1280, 390):
        tab = opened(width)
        assert arms(tab) == ["original", SCRIPT, HOSTILE, "broken"]
        assert tab.locator(".chart svg.marks").count() == 2
        assert tab.get_by_text(SCRIPT).count() > 1
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert all(
            box["width"] <= width for box in (one.bounding_box() for one in tab.locator(".chart svg.marks").all())
        )


def test_column_header_sorts_and_keeps_missing_values_last(opened):
    tab = opened()
    head = tab.locator("table").first.locator("thead th").nth(1)
    before = arms(tab)
    for key, way, first, last in (
        ("Enter", "ascending", SCRIPT, HOSTILE),
        ("Space", "descending", HOSTILE, SCRIPT),
        ("Enter", "none", "original", "broken"),
    ):
        head.get_by_role("button").press(key)
        assert head.get_attribute("aria-sort") == way
        assert (arms(tab)[0], arms(tab)[-1]) == (first, last)
    assert arms(tab) == before
    verdicts = tab.locator("table").first.locator("thead th").nth(2).get_by_role("button")
    verdicts.click()
    tab.locator("table").first.locator("thead th").nth(3).get_by_role("button").click()
    assert tab.locator("th[aria-sort=ascending]").count() == 1


def test_clicking_a_chart_or_name_highlights_the_arm_everywhere(opened):
    expect = pytest.importorskip("playwright.sync_api").expect
    tab = opened()
    point = "#chart-ratios .mark-symbol path"
    tab.locator(point).nth(1).click()
    assert tab.locator("tr.picked").first.get_attribute("data-arm") == SCRIPT
    assert SCRIPT in tab.locator("#picked").inner_text()
    expect(tab.locator(point).first).to_have_css("opacity", "0.15")
    name = tab.get_by_role("button", name=SCRIPT).first
    assert name.get_attribute("aria-pressed") == "true"
    name.click()
    assert tab.locator("tr.picked").count() == 0
    expect(tab.locator(point).first).to_have_css("opacity", "1")


def test_charts_follow_theme_and_width(opened):
    tab = opened()
    wide = tab.locator("#chart-epochs svg.marks").bounding_box()
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_selector("html[data-drawn='dark 1280']")
    ground = "getComputedStyle(document.querySelector('#chart-ratios svg.marks')).backgroundColor"
    assert tab.evaluate(ground) == tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.wait_for_selector("html[data-drawn='dark 390']")
    narrow = tab.locator("#chart-epochs svg.marks").bounding_box()
    assert narrow["width"] <= 390
    assert narrow["height"] > wide["height"]  # its panels stand below each other


# The source


def widths(tab, row):
    """The shares of a row's bars, by their class."""
    return row.locator(".track > span").evaluate_all(
        "bars => Object.fromEntries(bars.map(bar => [bar.className, bar.offsetWidth / bar.parentElement.clientWidth]))"
    )


@pytest.mark.parametrize("width", [1280, 400])
def test_bars_beside_the_source_are_as_long_as_the_shares(opened, width):
    tab = opened(width)
    table = tab.locator("table.source").first
    hot, between, unknown, rest = table.locator("tr:has(.track)").all()
    assert "u = net(x)" in hot.inner_text()
    assert widths(tab, hot) == pytest.approx({"operations": 0.5, "arithmetic": 0.8}, abs=0.02)
    assert widths(tab, between) == pytest.approx({"between": 0.25}, abs=0.02)
    assert widths(tab, unknown) == pytest.approx({"arithmetic": 0.2}, abs=0.02)
    assert widths(tab, rest) == pytest.approx({"between": 0.25}, abs=0.02)
    assert [one.inner_text() for one in table.locator("tfoot .figure").all()] == ["100 %", "100 %"]
    assert len({one.bounding_box()["x"] for one in table.locator("tr:has(.track) [data-name=time] .track").all()}) == 1


@pytest.mark.parametrize("width", [1280, 700, 400])
def test_the_source_fits_even_with_all_details_open(opened, width):
    tab = opened(width)
    tab.evaluate("for (const one of document.querySelectorAll('#source details')) one.open = true")
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    for code in tab.locator("table.source code").all():
        box = code.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    wide = tab.locator("table.source code").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1)"
    )
    assert [one for one in wide if one] == []


def test_the_source_is_a_table_for_screen_readers_however_narrow(opened):
    for width in (1280, 400):
        table = opened(width).get_by_role("table", name="Source of original")
        cells = table.get_by_role("row").filter(has_text="u = net(x)").filter(has_text="50 %").get_by_role("cell")
        assert [text.split()[-2:] for text in cells.all_inner_texts()[1:]] == [["50", "%"], ["80", "%"]]
        assert table.get_by_role("rowheader", name="12", exact=True).count() == 1


def test_callers_are_shown_on_demand(opened):
    tab = opened()
    summary = tab.locator("table.source").first.get_by_text("from b.py:1 and 1 more")
    callers = tab.locator("table.source").first.locator(".ways li")
    assert not callers.first.is_visible()
    summary.click()
    assert [text.splitlines()[-1].strip() for text in callers.all_inner_texts()] == [
        "b.py:1 u = net(x) time 30 %, arithmetic 60 %",
        "b.py:2 g(x) time 20 %, arithmetic 20 %",
    ]
