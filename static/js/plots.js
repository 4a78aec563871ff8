// Draws the columns of a table as lines over time, each in a plot of its own. The table stays what says it.

const drawn = new WeakMap();
const MINUTES = [1, 2, 5, 10, 15, 30, 60]; // what the places on the line of time can be apart: they are told by the minute

function plot() {
  for (const table of document.querySelectorAll("table[data-plots]")) {
    const box = document.getElementById(table.dataset.plots);
    if (!box) continue;
    const heads = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const rows = [...table.tBodies[0].rows];
    const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
    // All places before the first plot: each is as wide as they leave it.
    while (box.children.length < heads.length) box.append(document.createElement("div"));
    heads.forEach((head, column) => {
      const values = rows.map((row) => Number(row.cells[column + 1].dataset.value));
      const place = box.children[column];
      const known = drawn.get(place);
      if (known?.root.isConnected) known.setData([times, values]);
      else drawn.set(place, made(place, head, times, values, table.dataset.zone));
    });
  }
}

function made(place, head, times, values, timeZone) {
  const style = getComputedStyle(place);
  const ink = style.getPropertyValue("color");
  const line = style.getPropertyValue("outline-color");
  const grid = style.getPropertyValue("border-block-end-color");
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 / devicePixelRatio }, ticks: { show: false }, font: `13px ${style.fontFamily}` };
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const number = new Intl.NumberFormat(document.documentElement.lang);
  return new uPlot({
    title: head,
    width: Math.max(240, place.clientWidth),
    height: 150,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_u, _low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, incrs: MINUTES.map((minutes) => minutes * 60), values: (_u, moments) => moments.map((moment) => clock.format(moment * 1000)) },
      { ...axis, size: 55, space: 40, values: (_u, amounts) => amounts.map((amount) => number.format(amount)) },
    ],
    series: [{}, { stroke: line, width: 2, points: { show: values.length < 3 } }],
  }, [times, values], place);
}

function anew() {
  for (const place of document.querySelectorAll(".plots > div")) {
    drawn.get(place)?.destroy();
    drawn.delete(place);
  }
  plot();
}

plot();
document.addEventListener("htmx:after:swap", plot);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
let waiting;
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(anew, 150); });
