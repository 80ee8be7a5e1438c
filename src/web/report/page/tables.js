// Tables of the page that are there without a script: their headers sort, their buttons save them as CSV.
import { csvRecord } from '../../../base/csv.ts';
import { download } from './save.js';

export function prepareTables() {
  for (const table of document.querySelectorAll('[data-sortable]')) makeSortable(table);
  for (const button of document.querySelectorAll('[data-csv-of]')) {
    const { csvOf } = button.dataset;
    button.onclick = () =>
      download(`voxtally-${csvOf}.csv`, 'text/csv', tableCsv(document.getElementById(csvOf)));
  }
}

const collator = new Intl.Collator('en', { numeric: true });

/** A header sorts the body: by `data-value` where cells have one, else by their text. */
function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    const arrow = document.createElement('span');
    arrow.className = 'arrow';
    arrow.setAttribute('aria-hidden', 'true');
    button.append(arrow);
    head.append(button);
    button.onclick = () => {
      const isDescending = head.getAttribute('aria-sort') === 'ascending';
      for (const other of heads) {
        other.removeAttribute('aria-sort');
        other.querySelector('.arrow').textContent = '';
      }
      head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      arrow.textContent = isDescending ? '▼' : '▲';
      sortBody(table.tBodies[0], column, isDescending ? -1 : 1);
    };
  });
}

/** Undefined values come last either way. */
function sortBody(body, column, sign) {
  const keyOf = (row) => {
    const cell = row.cells[column];
    const value = cell.dataset.value;
    if (value === undefined) return cell.textContent;
    return value === '' ? null : Number(value);
  };
  const rows = [...body.rows].map((row) => ({ row, key: keyOf(row) }));
  rows.sort(({ key: a }, { key: b }) => {
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return sign * (typeof a === 'number' ? a - b : collator.compare(a, b));
  });
  body.append(...rows.map(({ row }) => row));
}

function tableCsv(table) {
  const textOf = (cell) => cell.dataset.value ?? cell.textContent.trim();
  return [...table.rows].map((row) => csvRecord([...row.cells].map(textOf))).join('');
}
