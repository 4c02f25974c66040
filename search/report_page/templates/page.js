// Tables sort by a click on a heading; numbers by value, everything else as text.
"use strict";
(() => {
  const value = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = Number(text.replace(/[,%]/g, ""));
    return text === "" ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  const sort = (table, head, column) => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    // What is empty stays at the end.
    rows.sort(([a], [b]) =>
      a === null || b === null ? (a === null) - (b === null) : down ? compare(b, a) : compare(a, b));
    body.append(...rows.map(([, row]) => row));
  };
  const enhance = (root) => {
    for (const table of root.querySelectorAll("table.sortable")) {
      table.querySelectorAll("thead th").forEach((head, column) => {
        if (head.textContent.trim() === "") return;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener("click", () => sort(table, head, column));
      });
    }
  };
  enhance(document);
  // A page that follows a run replaces parts of itself.
  document.addEventListener("lionhunt:replaced", (event) => enhance(event.target));
})();
