"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const rows = [...document.querySelectorAll("tr[data-arm]")];
  const arms = new Set(rows.map((row) => row.dataset.arm));
  const drawn = new Map();
  let picked = null;

  // Charts: drawn for the present width and background, and redrawn when either changes.

  function sized(figure, width) {
    const spec = structuredClone(figure.spec);
    if (figure.panels) {
      const { gap, axis, from } = data.panels;
      spec.columns = figure.panels > 1 && width >= from ? 2 : 1;
      spec.spec.width = Math.floor((width - axis - gap * (spec.columns - 1)) / spec.columns);
    } else {
      spec.width = width;
      spec.autosize = { type: "fit-x", contains: "padding" };
    }
    return spec;
  }

  async function draw(figure) {
    const place = document.getElementById(`chart-${figure.name}`);
    const spec = sized(figure, Math.floor(place.clientWidth));
    drawn.get(figure.name)?.finalize();
    const result = await vegaEmbed(place, spec, {
      ast: true, // expressions are interpreted, so the page needs no right to make code
      renderer: "svg",
      config: data.themes[dark.matches ? "dark" : "light"],
      tooltip: { theme: dark.matches ? "dark" : "light" },
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: figure.name,
    });
    drawn.set(figure.name, result);
    result.view.addEventListener("click", (event, item) => {
      const arm = item?.datum?.arm;
      pick(arms.has(arm) ? arm : null);
    });
    highlight(figure, result.view);
  }

  let drawing = false;
  let redraw = false;

  async function drawAll() {
    redraw = drawing;
    if (drawing) return;
    drawing = true;
    for (const figure of data.figures) await draw(figure);
    drawing = false;
    document.documentElement.dataset.drawn = `${dark.matches ? "dark" : "light"} ${document.body.clientWidth}`;
    if (redraw) await drawAll();
  }

  let width = document.body.clientWidth;
  let waiting;

  function resized() {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  }

  // Highlighting an arm, in all charts and tables at once.

  function pick(arm) {
    picked = arm === picked ? null : arm;
    for (const row of rows) {
      const selected = row.dataset.arm === picked;
      row.classList.toggle("picked", selected);
      row.querySelector(".arm")?.setAttribute("aria-pressed", String(selected));
    }
    const status = document.getElementById("picked");
    if (status) status.textContent = picked === null ? "" : `Selected: ${picked}. Click it again to clear the selection.`;
    for (const figure of data.figures) {
      const result = drawn.get(figure.name);
      if (result) highlight(figure, result.view);
    }
  }

  function highlight(figure, view) {
    if (figure.spec.params?.some((param) => param.name === "picked")) view.signal("picked", picked).runAsync();
  }

  // Sorting: up, down, and back to the order in which they came; what has no figure stays last.

  function sortable(table) {
    const body = table.tBodies[0];
    const before = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      head.querySelector("button").addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
        for (const one of heads) one.setAttribute("aria-sort", one === head ? next : "none");
        const way = { ascending: 1, descending: -1, none: 0 }[next];
        body.append(...(way ? [...before].sort((a, b) => order(a.cells[place], b.cells[place], way)) : before));
      });
    });
  }

  function order(a, b, way) {
    if (!a.classList.contains("figure")) return way * a.textContent.localeCompare(b.textContent, "en", { numeric: true });
    const [left, right] = [a, b].map((cell) => ("key" in cell.dataset ? Number(cell.dataset.key) : null));
    if (left === null || right === null) return (left === null) - (right === null);
    return way * (left - right);
  }

  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  for (const row of rows) row.querySelector(".arm")?.addEventListener("click", () => pick(row.dataset.arm));
  dark.addEventListener("change", drawAll);
  addEventListener("resize", resized);
  drawAll();
})();
