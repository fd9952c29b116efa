"""The page in a real browser: it opens from disk, fetches nothing, sorts, highlights an arm, and follows the theme."""

import os
import shutil
from pathlib import Path

import pytest
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import ArmEnd
from harness.report.formats import page

SCRIPT = "<script>alert(1)</script>"
HOSTILE = "'] || alert(1) || datum['</script><img src=x onerror=alert(1)>"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def times(factor):
    return {DATA: 0.1 * factor, REFINE: 1.0 * factor, FULL: 0.2 * factor}


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
