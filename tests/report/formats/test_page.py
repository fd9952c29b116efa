"""The page as a file: self-contained, and without a way for user text to run code."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from ablated import ablated
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import ArmEnd, Work
from harness.report.formats import page
from harness.worker.wire.evidence import Between, Caller, LineUse, Timed

BASE = {DATA: 0.1, REFINE: 1.0, FULL: 0.2}
HOSTILE = "</script><script>alert(1)</script>\u2028<!--"


def rendered(run):
    return page.render(contents(run))


class Elements(HTMLParser):
    """Every element's attributes by its tag, and what is in the scripts."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts, self.within = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.within = None

    def handle_data(self, data):
        if self.within == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def text():
    run = record({"original": BASE, HOSTILE: BASE})
    run.add(
        ArmEnd(
            block=2,
            group=0,
            arm=HOSTILE,
            status="failed",
            reason=f"ValueError: {HOSTILE}",
            moment="in epoch 3",
            last_lines=[HOSTILE],
        )
    )
    return rendered(run)


def test_page_is_one_file_and_may_not_fetch(text):
    elements = Elements(text).found
    assert not [(tag, own) for tag, own in elements if {"src", "href", "srcset", "action"} & set(own)]
    (policy,) = [own["content"] for _, own in elements if own.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_only_scripts_of_the_page_may_run(text):
    elements = Elements(text)
    tags = [own for tag, own in elements.found if tag == "script"]
    assert [own.get("type") for own in tags] == ["application/json", None, None]
    (policy,) = [own["content"] for _, own in elements.found if own.get("http-equiv") == "Content-Security-Policy"]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in elements.scripts[1:]]
    assert f"script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}';" in policy


def test_user_text_is_escaped(text):
    elements = Elements(text)
    assert HOSTILE.split("\u2028")[0] in json.dumps(json.loads(elements.scripts[0]), ensure_ascii=False)
    assert "\u2028" not in elements.scripts[0]
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_order_is_verdict_table_charts_method_machine():
    text = rendered(record({"original": BASE, "quick": dict.fromkeys(BASE, 0.05)}))
    places = [text.index(f"<h1>{'quick is'}"), *(text.index(f"<h2>{title}") for title in ("Cost<", "Cost relative to"))]
    places += [text.index(f"<h2>{title}") for title in ("Tracing and memory", "How it was measured", "The machine")]
    assert places == sorted(places)


def test_findings_come_before_tables():
    run = ablated(("quick", "lean"), lambda made: (1.0, 0.5, 0.1)[len(made)], noise=0.001)
    text = rendered(run)
    assert contents(run).findings
    assert text.index("<h1>") < text.index("<h2>What it found") < text.index("<table")


def test_page_of_a_run_without_charts():
    run = record({"original": BASE, "quick": BASE})
    run.slices.clear()
    text = rendered(run)
    assert "vegaEmbed" in text  # only where the page would draw
    assert not re.search(r'class="chart"', text)
    assert len(text) < 50_000


def test_text_of_the_source_is_escaped():
    run = record({"original": BASE})
    use = LineUse(f"{HOSTILE}.py:3", HOSTILE, 9.0, [Caller(f"{HOSTILE}:1", HOSTILE, 9.0)], 0.1)
    run.works.append(
        Work(
            block=0,
            group=0,
            arm="original",
            flops={},
            lines={FULL: [use], HOSTILE: [use]},
            timed={FULL: Timed(0.2, 0.1)},
            between={FULL: [Between(f"{HOSTILE}.py:5", HOSTILE, 0.05)]},
            sources={f"{HOSTILE}.py": {2: HOSTILE, 3: f"  {HOSTILE}", 5: '" onclick="alert(1)'}},
        )
    )
    text = rendered(run)
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 6
    assert not [own for _, own in Elements(text).found if "onclick" in own]


def test_only_the_views_of_few_arms_are_open():
    def views(*arms):
        run = record(dict.fromkeys(arms, BASE))
        lines = {kind: [LineUse("a.py:3", "x", 9.0)] for kind in (FULL, DATA)}
        run.works += [Work(block=0, group=0, arm=arm, flops={}, lines=lines) for arm in arms]
        found = [own for tag, own in Elements(rendered(run)).found if tag == "details"]
        return [(own["class"], "open" in own) for own in found]

    assert views("a", "b") == [("view", True), ("other", False)] * 2
    assert views("a", "b", "c") == [("view", False), ("other", False)] * 3


def test_there_is_no_source_where_no_line_is_known(text):
    assert 'id="source"' not in text
