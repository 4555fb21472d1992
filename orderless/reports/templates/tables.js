// A click on a heading sorts by it; words in the field leave the rows that hold them. `data-value` is what a cell means, where
// its text would not sort as a number.
for (const table of document.querySelectorAll("table")) {
  const rows = [...table.querySelectorAll("tbody tr")], heads = [...table.querySelectorAll("thead tr:last-child th")];
  if (rows.length < 3) continue;
  const value = (row, i) => {
    const cell = row.children[i], text = (cell.dataset.value ?? cell.textContent).trim(), number = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => typeof a == typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a == "number" ? 1 : -1;
  heads.forEach((head, i) => head.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") == "descending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => (up ? 1 : -1) * compare(value(a, i), value(b, i))).forEach(row => row.parentNode.append(row));
  }));
  if (rows.length < 9) continue;
  const field = document.createElement("input");
  field.type = "search"; field.placeholder = "Only rows with ..."; field.setAttribute("aria-label", "Filter");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/ +/);
    rows.forEach(row => { row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word)); });
  });
  table.before(field);
}
