// The report's own script: draws the plots and the table of cases from the data in the page.

import { unpackData } from '../packed-data.ts';
import { columnsOf, headMarkup, rowMarkup, rowsCsv } from './case-table.ts';
import { curvePlots, curveRange } from './curve-plots.ts';
import { distributionPlot } from './distribution-plot.ts';
import { download, saveSvg } from './save.js';
import { selectRows, sortRows } from './selection.ts';
import { prepareTables } from './tables.js';
import { hideTip, pointEvents, showTip } from './tip.js';
import { valuesTable } from './values-table.ts';
import { volumePlots } from './volume-plots.ts';

const data = unpackData(JSON.parse(document.getElementById('report-data').textContent));
const byId = (id) => document.getElementById(id);
const controls = byId('controls');
const rowsPerPage = 25;
const state = { sort: null, page: 0 };

const selection = () => {
  const field = (name) => controls.elements.namedItem(name)?.value ?? '';
  const group = field('group');
  return {
    classIndex: Number(field('class') || -1),
    measure: Number(field('measure') || 0),
    text: field('text'),
    reason: field('reason'),
    ...(group === '' ? {} : { group: group.slice(1) }),
  };
};

function drawDistribution() {
  const holder = byId('distribution-plot');
  holder.innerHTML = distributionPlot(data, {
    selection: selection(),
    byGroup: controls.elements.namedItem('by-group')?.checked ?? false,
    width: Math.max(280, holder.clientWidth),
  }).text;
  holder.querySelector('.point')?.setAttribute('tabindex', '0');
  const { label, definition } = data.measures[selection().measure];
  byId('definition').textContent = definition ? ` ${label}: ${definition}.` : '';
}

let rows = [];

function drawTable() {
  const chosen = selection();
  const columns = columnsOf(data, chosen.measure, byId('case-table').dataset.groups === 'yes');
  const key = state.sort?.key ?? chosen.measure;
  const { better } = data.measures[chosen.measure];
  const order = state.sort?.order ?? 'worst';
  // By the distance from 0 no column is in order, so none says that it is.
  const shown = state.sort ? order : better === 'lower' || better === 'none' ? 'descending' : 'ascending';
  const marked = state.sort || better !== 'zero' ? key : null;
  rows = sortRows(data, selectRows(data, chosen), key, order);
  const pages = Math.max(1, Math.ceil(rows.length / rowsPerPage));
  state.page = Math.min(state.page, pages - 1);
  const start = state.page * rowsPerPage;
  const page = rows.slice(start, start + rowsPerPage);
  const table = byId('case-table');
  const focused = table.tHead.contains(document.activeElement) ? document.activeElement.dataset.column : null;
  table.tHead.innerHTML = headMarkup(columns, marked, shown).text;
  table.tBodies[0].innerHTML = page.map((row) => rowMarkup(data, row, columns).text).join('');
  if (focused !== null) table.tHead.querySelector(`[data-column="${focused}"]`)?.focus();
  table.tHead.onclick = (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const column = columns[Number(button.dataset.column)];
    const again = column.key === marked;
    state.sort = { key: column.key, order: again && shown === 'ascending' ? 'descending' : 'ascending' };
    state.page = 0;
    drawTable();
  };
  byId('rows-shown').textContent =
    rows.length === 0
      ? 'No row matches.'
      : `Rows ${start + 1} to ${start + page.length} of ${rows.length}${state.sort ? '' : ', worst first'}`;
  byId('page-back').disabled = state.page === 0;
  byId('page-on').disabled = state.page >= pages - 1;
  byId('worst-first').hidden = state.sort === null;
}

function drawCurves() {
  const holder = byId('curve-plots');
  if (!holder) return;
  const chosen = byId('curve-class');
  const curve = data.curves[Number(chosen?.value ?? 0)];
  for (const figure of holder.querySelectorAll('figure')) {
    const place = figure.querySelector('.holder');
    const width = Math.max(240, place.clientWidth);
    const plot = curvePlots(curve, width).find(({ key }) => key === figure.dataset.curve);
    place.innerHTML = plot.svg.text;
    figure.querySelector('.caption-text').textContent = plot.caption;
    readOff(place, plot.readings, curveRange(width));
  }
}

function drawValues() {
  const holder = byId('values-table');
  if (!holder) return;
  const at = Number(byId('values-class').value);
  const rows = data.measures.map(({ label }, measure) => ({ label, values: data.summaries[at][measure] }));
  holder.innerHTML = valuesTable(`${data.classes[at]}: pooled and over cases`, rows).text;
}

function drawVolumes() {
  const holder = byId('volume-plots');
  const chosen = Number(byId('volume-class')?.value ?? 0);
  for (const figure of holder.querySelectorAll('figure')) {
    const place = figure.querySelector('.holder');
    const plots = volumePlots(data, chosen, Math.max(240, place.clientWidth));
    const plot = plots.find(({ key }) => key === figure.dataset.volume);
    place.innerHTML = plot.svg.text;
    figure.querySelector('.caption-text').textContent = plot.caption;
  }
}

/** Shows the point of a curve that is nearest to the pointer, or that arrow keys have reached. */
function readOff(holder, readings, [left, right]) {
  const svg = holder.firstElementChild;
  const cursor = svg.querySelector('.cursor');
  const show = (at) => {
    const reading = readings[at];
    if (!reading) return;
    const x = left + reading[0] * (right - left);
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    const box = svg.getBoundingClientRect();
    showTip(reading[1], box.left + x, box.top + 24);
  };
  const leave = () => {
    cursor.setAttribute('x1', -9);
    cursor.setAttribute('x2', -9);
    hideTip();
  };
  let at = readings.length >> 1;
  holder.onpointermove = (event) => {
    const x = (event.clientX - svg.getBoundingClientRect().left - left) / (right - left);
    let best = 0;
    readings.forEach(([value], i) => {
      if (Math.abs(value - x) < Math.abs(readings[best][0] - x)) best = i;
    });
    at = best;
    show(at);
  };
  holder.onpointerleave = leave;
  holder.onfocus = () => show(at);
  holder.onblur = leave;
  holder.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === 'Escape') leave();
    if (step === undefined) return;
    event.preventDefault();
    at = Math.max(0, Math.min(readings.length - 1, at + step));
    show(at);
  };
}

function changed() {
  state.page = 0;
  drawDistribution();
  drawTable();
}

controls.addEventListener('input', changed);
controls.addEventListener('submit', (event) => event.preventDefault());
controls.addEventListener('reset', () => setTimeout(changed));
byId('page-back').onclick = () => {
  state.page--;
  drawTable();
};
byId('page-on').onclick = () => {
  state.page++;
  drawTable();
};
byId('worst-first').onclick = () => {
  state.sort = null;
  state.page = 0;
  drawTable();
};
byId('rows-csv').onclick = () => download('voxtally-cases.csv', 'text/csv', rowsCsv(data, rows));
byId('curve-class')?.addEventListener('input', drawCurves);
byId('volume-class')?.addEventListener('input', drawVolumes);
byId('values-class')?.addEventListener('input', drawValues);
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-save-svg]');
  if (!button) return;
  const svg = button.closest('figure').querySelector('svg');
  if (svg) saveSvg(svg, button.dataset.saveSvg);
});
let drawnWidth = 0;
const redraw = () => {
  if (drawnWidth === document.documentElement.clientWidth) return;
  drawnWidth = document.documentElement.clientWidth;
  drawDistribution();
  drawVolumes();
  drawCurves();
};
for (const element of document.querySelectorAll('[data-needs-script]')) element.hidden = false;
redraw();
pointEvents(byId('distribution-plot'));
pointEvents(byId('volume-plots'));
prepareTables();
drawTable();
drawValues();
addEventListener('resize', redraw);
addEventListener('beforeprint', () => {
  for (const part of document.querySelectorAll('details')) part.open = true;
});
