/** A row for each class or group: a point for each case over the box of its quartiles. */
import { scaleLinear } from 'd3-scale';
import { quantile } from '../../../base/statistics/summary.ts';
import { html, type Markup } from '../../dashboard/html.ts';
import { figure } from '../format.ts';
import { type ReportData, type SummaryRow, summaryColumns } from '../report-data.ts';
import { frame, place } from './frame.ts';
import { groupsOf, type Row, type Selection, selectRows, shownClasses, valueAt } from './selection.ts';

const radius = 3.5;
const pitch = 2 * radius;
const mostRoomy = 16;

export interface DistributionOptions {
  readonly selection: Selection;
  /** A row for each group of each class. */
  readonly byGroup: boolean;
  readonly width: number;
}

interface PlotRow {
  readonly label: string;
  readonly points: readonly { readonly row: Row; readonly value: number }[];
  /** Quartiles of all cases, where the points are not all of them. */
  readonly quartiles: readonly (number | null)[] | null;
  readonly undefined: number;
}

export function distributionPlot(data: ReportData, options: DistributionOptions): Markup {
  const { selection, width } = options;
  const measure = data.measures[selection.measure]!;
  const rows = plotRows(data, options);
  const narrow = width < 560;
  const left = narrow ? 12 : 180;
  // Many rows are lower each, so that more of them are seen at once.
  const [least, most] = rows.length > mostRoomy ? [16, 40] : [34, 110];
  const rowHeight = (row: PlotRow) =>
    (narrow ? 26 : 8) + Math.min(most, least + Math.sqrt(row.points.length) * 2.2);
  const margin = { top: 8, right: 14, bottom: 40, left };
  const height = margin.top + margin.bottom + rows.reduce((sum, row) => sum + rowHeight(row), 0);
  const values = rows.flatMap(({ points }) => points.map(({ value }) => value));
  const scale = scaleLinear()
    .domain(domainOf(values))
    .range([left, width - margin.right])
    .nice();
  let top = margin.top;
  const marks = rows.map((row) => {
    const bodyTop = top + (narrow ? 22 : 0);
    const bodyHeight = rowHeight(row) - (narrow ? 22 : 0);
    const label = narrow
      ? html`<text class="row-label" x="${left}" y="${top + 16}">${cut(row.label, 46)}</text>`
      : html`<text class="row-label" x="${left - 10}" y="${place(bodyTop + bodyHeight / 2 + 4)}" text-anchor="end">${cut(row.label, 22)}</text>`;
    const line = html`<line class="row-line" x1="${left}" x2="${width - margin.right}" y1="${place(top + rowHeight(row))}" y2="${place(top + rowHeight(row))}"/>`;
    const middle = bodyTop + bodyHeight / 2;
    const { box, median } = boxMarks(row, scale, middle, bodyHeight);
    const drawn = html`<g>${label}${line}${box}${pointMarks(data, row, scale, middle, bodyHeight)}${median}</g>`;
    top += rowHeight(row);
    return drawn;
  });
  const undefinedCount = rows.reduce((sum, row) => sum + row.undefined, 0);
  return frame(
    'distribution',
    {
      width,
      height,
      margin,
      title: `${measure.label} by case`,
      description: `${rows.map((row) => `${row.label}: ${row.points.length} cases, median ${figure(quartilesOf(row)?.[1])}`).join('; ')}. ${undefinedCount} undefined values are not drawn. Arrow keys move between points.`,
      x: {
        scale,
        label:
          measure.better === 'none' || measure.better === 'zero'
            ? measure.label
            : `${measure.label}, ${measure.better} is better`,
        ticks: narrow ? 4 : 8,
      },
    },
    marks,
  );
}

function plotRows(data: ReportData, { selection, byGroup }: DistributionOptions): PlotRow[] {
  const groups: (string | undefined)[] = byGroup
    ? groupsOf(data).filter((group) => selection.group === undefined || group === selection.group)
    : [selection.group];
  const complete = data.cases.length === data.total;
  const unfiltered = selection.group === undefined && selection.text.trim() === '' && selection.reason === '';
  return shownClasses(data, selection).flatMap((classIndex) =>
    groups.map((group): PlotRow => {
      const { group: _, ...rest } = selection;
      const rows = selectRows(data, {
        ...rest,
        classIndex,
        ...(group === undefined ? {} : { group }),
      }).filter((row) => row.classIndex >= 0);
      const points = rows.flatMap((row) => {
        const value = valueAt(data, row, selection.measure);
        return value === null ? [] : [{ row, value }];
      });
      const name = data.classes[classIndex]!;
      return {
        label: byGroup ? [...(data.classes.length > 1 ? [name] : []), group || 'no group'].join(' · ') : name,
        points,
        quartiles:
          !complete && unfiltered && !byGroup
            ? quartiles(data.summaries[classIndex]![selection.measure]!)
            : null,
        undefined: rows.length - points.length,
      };
    }),
  );
}

function quartiles(row: SummaryRow): (number | null)[] {
  return (['q1', 'median', 'q3'] as const).map((column) => row[summaryColumns.indexOf(column)]!);
}

/** Ratios are in 0 to 1 as a whole, so that plots can be compared; other values in what they span. */
function domainOf(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low >= 0 && high <= 1 && high > 0.2) return [0, 1];
  return low === high ? [Math.min(0, low), Math.max(0, high) || 1] : [Math.min(0, low), Math.max(0, high)];
}

function quartilesOf({ points, quartiles }: PlotRow): readonly (number | null)[] | null {
  if (quartiles) return quartiles;
  if (points.length === 0) return null;
  const sorted = Float64Array.from(points, ({ value }) => value).sort();
  return [0.25, 0.5, 0.75].map((fraction) => quantile(sorted, fraction));
}

/** The box stands behind the points and the median before them, where they cannot hide it. */
function boxMarks(
  row: PlotRow,
  scale: (value: number) => number,
  middle: number,
  height: number,
): { readonly box?: Markup; readonly median?: Markup } {
  const [q1, median, q3] = quartilesOf(row) ?? [];
  const isKnown = typeof q1 === 'number' && typeof median === 'number' && typeof q3 === 'number';
  if (row.points.length < 3 || !isKnown) return {};
  const half = height * 0.36;
  const [top, at] = [place(middle - half), place(scale(median))];
  return {
    box: html`<rect class="box" x="${place(scale(q1))}" y="${top}" width="${place(Math.max(1, scale(q3) - scale(q1)))}" height="${place(2 * half)}" rx="3" aria-hidden="true"/>`,
    median: html`<line class="median" x1="${at}" x2="${at}" y1="${top}" y2="${place(middle + half)}" aria-hidden="true"/>`,
  };
}

/** Points of a column of pixels are stacked around the middle, closer where there is no room. */
function pointMarks(
  data: ReportData,
  row: PlotRow,
  scale: (value: number) => number,
  middle: number,
  height: number,
): Markup {
  const columns = new Map<number, { readonly row: Row; readonly value: number }[]>();
  for (const point of row.points) {
    const column = Math.round(scale(point.value) / pitch);
    const held = columns.get(column);
    if (held) held.push(point);
    else columns.set(column, [point]);
  }
  const room = height / 2 - radius - 2;
  const marks = [...columns]
    .sort(([a], [b]) => a - b)
    .flatMap(([, points]) => {
      const step = Math.min(pitch, points.length < 2 ? pitch : (2 * room) / (points.length - 1));
      return points.map(({ row: { caseIndex, classIndex }, value }, i) => {
        const offset = (i - (points.length - 1) / 2) * step;
        const name = `${data.cases[caseIndex]!.id}, ${data.classes[classIndex]!}: ${figure(value)}`;
        return html`<circle class="point" cx="${place(scale(value))}" cy="${place(middle + offset)}" r="${radius}" role="img" aria-label="${name}" data-tip="${name}" tabindex="-1"/>`;
      });
    });
  return html`<g class="points">${marks}</g>`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
