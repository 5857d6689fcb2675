// Theme and tables of a report. Charts are in charts.js, which subscribes to theme changes with `onTheme`.
"use strict";

const onTheme = [];

(function theme() {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null; // theme chosen by the reader; null for the system's preference

  function show(theme) {
    root.dataset.theme = theme;
    button.setAttribute("aria-pressed", String(theme === "dark"));
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", theme === "dark" ? "Switch to light colours" : "Switch to dark colours");
    onTheme.forEach((tell) => tell());
  }
  const wanted = () => chosen || (system.matches ? "dark" : "light");
  button.addEventListener("click", () => {
    chosen = wanted() === "dark" ? "light" : "dark";
    show(chosen);
  });
  system.addEventListener("change", () => show(wanted()));
  // Print in the light theme: paper is white.
  addEventListener("beforeprint", () => show("light"));
  addEventListener("afterprint", () => show(wanted()));
  show(wanted());
})();

(function sortableTables() {
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  function compare(a, b) {
    const [x, y] = [a.dataset.v, b.dataset.v];
    if (x !== undefined && y !== undefined) return Number(x) - Number(y);
    return words.compare(a.textContent, b.textContent);
  }
  // An unknown number stays at the end in either sort direction.
  const unknown = (cell) => cell.classList.contains("n") && cell.dataset.v === undefined;

  function sort(table, column, head) {
    // Numbers are mostly read from the largest, words from A.
    const first = head.classList.contains("n") ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((a, b) => {
      const [x, y] = [a.cells[column], b.cells[column]];
      return unknown(x) - unknown(y) || sign * compare(x, y);
    });
    body.append(...rows);
    for (const th of table.tHead.rows[0].cells) th.setAttribute("aria-sort", th === head ? order : "none");
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => sort(table, column, head));
    });
  }
})();
