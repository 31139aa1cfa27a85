(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const template = read("template");
  const links = read("links");
  const charts = [...document.querySelectorAll(".chart")];
  const index = document.getElementById("index");
  const PRINTED_WIDTH = 680;  // of A4 within its margins, in CSS pixels
  const PRINTED_HEIGHT = 1000;
  const PRINTED_COVER = 0.84;  // of a cover's figures, so that both lie on one sheet
  const config = { displayModeBar: false, responsive: true, showTips: false, displaylogo: false };
  const touch = matchMedia("(pointer: coarse)").matches;  // there, dragging scrolls the page

  function draw(chart) {
    if (chart.dataset.drawn) return;
    chart.dataset.drawn = "yes";
    const { data, layout } = read(chart.dataset.figure);
    for (const trace of data) if (typeof trace.x === "number") trace.x = data[trace.x].x;
    Plotly.newPlot(chart, data, { ...layout, template, dragmode: touch ? false : "zoom", autosize: true }, config);
    if (chart.dataset.figure.startsWith("cover")) {
      chart.classList.add("leads");
      chart.on("plotly_click", (event) => { location.href = links[event.points[0].customdata]; });
    }
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px 0px" });
  charts.forEach((chart) => seen.observe(chart));

  // A battery's first page is one sheet of paper: what is too long for it is set smaller.
  function fit() {
    const style = document.getElementById("print");
    const { width } = document.body.style;
    style.media = "all";
    document.body.style.width = `${PRINTED_WIDTH}px`;
    document.querySelectorAll(".first-page").forEach((page, n) => {
      const above = n === 0 && !index ? document.querySelector(".masthead").offsetHeight : 0;
      page.style.setProperty("--fit", 1);
      for (let size = 0.97; size > 0.7 && page.getBoundingClientRect().height + above > PRINTED_HEIGHT; size -= 0.03) {
        page.style.setProperty("--fit", size);
      }
    });
    document.body.style.width = width;
    style.media = "print";
  }

  function resize(chart, factor) {
    const height = Math.round(chart.layout.height * factor);
    chart.style.height = `${height}px`;
    Plotly.relayout(chart, { height });
  }

  addEventListener("beforeprint", () => {
    fit();
    for (const chart of charts) {
      draw(chart);
      if (chart.classList.contains("leads")) resize(chart, PRINTED_COVER);
      Plotly.relayout(chart, { width: PRINTED_WIDTH, autosize: false });
    }
  });
  addEventListener("afterprint", () => {
    for (const chart of charts) {
      if (chart.classList.contains("leads")) resize(chart, 1 / PRINTED_COVER);
      Plotly.relayout(chart, { width: null, autosize: true });
    }
  });

  if (!index) return;
  const body = index.tBodies[0];
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number.parseFloat(text);
    return cell.classList.contains("number") ? (Number.isNaN(number) ? -Infinity : number) : text;
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang, { numeric: true }));
  index.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!head || !event.target.closest("button")) return;
    const up = head.ariaSort === "ascending" ? -1 : 1;
    for (const other of index.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up === 1 ? "ascending" : "descending");
    const rows = [...body.rows].sort((a, b) => up * compare(key(a, head.cellIndex), key(b, head.cellIndex)));
    body.append(...rows);
  });

  const filter = document.getElementById("filter");
  const output = filter.querySelector("output");
  function show() {
    const { text, outcome, verdict } = Object.fromEntries(new FormData(filter));
    let count = 0;
    for (const row of body.rows) {
      row.hidden = !(row.textContent.toLowerCase().includes(text.toLowerCase())
        && (!outcome || row.dataset.outcome === outcome) && (!verdict || row.dataset.verdict === verdict));
      count += row.hidden ? 0 : 1;
    }
    output.textContent = `${count} / ${body.rows.length}`;
  }
  filter.addEventListener("input", show);
  filter.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
