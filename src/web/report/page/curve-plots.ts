/** The curves of a class over the pooled voxels. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { curveStepBefore, line } from 'd3-shape';
import { type Fragment, html, type Markup } from '../../dashboard/html.ts';
import type { CurveData, CurveNumbers } from '../curve-data.ts';
import { figure } from '../format.ts';
import { frame, place } from './frame.ts';

const margin = { top: 10, right: 14, bottom: 38, left: 48 };

export interface CurvePlot {
  readonly key: 'roc' | 'pr' | 'threshold' | 'calibration';
  readonly caption: string;
  readonly svg: Markup;
  /** What is read off at a place: the share of the plot's width, then a text, ascending. */
  readonly readings: readonly (readonly [share: number, text: string])[];
}

type Plot = Omit<CurvePlot, 'svg'> & {
  readonly title: string;
  readonly description: string;
  readonly x: string;
  /** The lower end of a logarithmic x axis; linear from 0 without. */
  readonly logFrom?: number;
  readonly y: string;
  readonly marks: (x: (value: number) => number, y: (value: number) => number) => Fragment;
};

export function curvePlots(data: CurveData, width: number): CurvePlot[] {
  return [roc(data), pr(data), threshold(data), calibration(data)].map((plot) => {
    const height = Math.round(width * 0.68);
    const range = [margin.left, width - margin.right];
    const x =
      plot.logFrom === undefined
        ? scaleLinear().domain([0, 1]).range(range)
        : scaleLog().domain([plot.logFrom, 1]).range(range).clamp(true);
    const y = scaleLinear()
      .domain([0, 1])
      .range([height - margin.bottom, margin.top]);
    const ticks = 5;
    const svg = frame(
      `curve-${plot.key}`,
      {
        width,
        height,
        margin,
        title: plot.title,
        description: plot.description,
        x: { scale: x, label: plot.x, ticks },
        y: { scale: y, label: plot.y, ticks },
      },
      html`${plot.marks(x, y)}<line class="cursor" y1="${margin.top}" y2="${height - margin.bottom}" x1="-9" x2="-9" aria-hidden="true"/>`,
    );
    const share = (value: number) => (x(value) - margin.left) / (width - margin.right - margin.left);
    const readings = plot.readings
      .map(([value, text]) => [share(Math.max(value, plot.logFrom ?? 0)), text] as const)
      .sort(([a], [b]) => a - b);
    return { key: plot.key, caption: plot.caption, svg, readings };
  });
}

/** The places of an x between 0 and 1 in a plot of this width. */
export function curveRange(width: number): [left: number, right: number] {
  return [margin.left, width - margin.right];
}

/** An area so near to 1 leaves the whole curve in a corner: then the false positive rate has a logarithmic axis. */
const cornerAuc = 0.98;
const leastRate = 1e-6;

function roc(data: CurveData): Plot {
  const isLog = data.auc !== null && data.auc > cornerAuc;
  const rates = data.roc.flatMap(([x]) => (typeof x === 'number' && x > leastRate ? [x] : []));
  const logFrom = 10 ** Math.floor(Math.log10(Math.min(0.1, ...rates)));
  return {
    key: 'roc',
    caption: `ROC: AUC ${figure(data.auc)}`,
    title: `ROC curve of ${data.class}`,
    description: `True against false positive rate over all thresholds${isLog ? ', the latter on a logarithmic axis' : ''}; area under the curve ${figure(data.auc)}.`,
    x: isLog ? 'false positive rate (logarithmic)' : 'false positive rate',
    ...(isLog ? { logFrom } : {}),
    y: 'true positive rate',
    readings: data.roc.map(([x, y, p]) => [x ?? 0, `p ≥ ${figure(p)}: FPR ${figure(x)}, TPR ${figure(y)}`]),
    marks: (x, y) => {
      const least = isLog ? logFrom : 0;
      const chance = Array.from({ length: 41 }, (_, i) => (isLog ? least ** (1 - i / 40) : i / 40));
      const diagonal = chance.map((rate) => [rate, rate]);
      const curve = isLog
        ? data.roc.map(([rate, ...rest]) => [Math.max(rate ?? 0, least), ...rest])
        : data.roc;
      return html`${path('chance', diagonal, 1, x, y)}${path('line', curve, 1, x, y)}`;
    },
  };
}

function pr(data: CurveData): Plot {
  const share = data.voxels === 0 ? 0 : data.positives / data.voxels;
  return {
    key: 'pr',
    caption: `Precision-recall: AP ${figure(data.averagePrecision)}`,
    title: `Precision-recall curve of ${data.class}`,
    description: `Average precision ${figure(data.averagePrecision)}; a prediction by chance has ${figure(share)}.`,
    x: 'recall',
    y: 'precision',
    readings: data.pr.map(([x, y, p]) => [
      x ?? 0,
      `p ≥ ${figure(p)}: recall ${figure(x)}, precision ${figure(y)}`,
    ]),
    marks: (x, y) =>
      html`<line class="chance" x1="${x(0)}" x2="${x(1)}" y1="${place(y(share))}" y2="${place(y(share))}"/>${path('line', data.pr, 1, x, y, true)}`,
  };
}

function threshold(data: CurveData): Plot {
  const best = data.best;
  const told = best ? `best ${figure(best[1])} from p ≥ ${figure(best[0])}` : 'undefined';
  return {
    key: 'threshold',
    caption: `Dice over threshold: ${told}`,
    title: `Dice and Jaccard of ${data.class} over the threshold`,
    description: `Pooled Dice and Jaccard by the probability from which on voxels count as foreground: Dice ${told}.`,
    x: 'threshold (probability)',
    y: 'Dice, Jaccard',
    readings: data.threshold.map(([p, dice, jaccard]) => [
      p ?? 0,
      `p ≥ ${figure(p)}: Dice ${figure(dice)}, Jaccard ${figure(jaccard)}`,
    ]),
    marks: (x, y) =>
      html`${path('line second', data.threshold, 2, x, y)}${path('line', data.threshold, 1, x, y)}${
        best && html`<circle class="best" cx="${place(x(best[0]))}" cy="${place(y(best[1]))}" r="4.5"/>`
      }<g aria-hidden="true" class="legend" transform="translate(${x(1) - 74} ${margin.top + 8})"><line class="line" x2="16"/><text x="22" y="4">Dice</text><line class="line second" x2="16" y1="16" y2="16"/><text x="22" y="20">Jaccard</text></g>`,
  };
}

function calibration(data: CurveData): Plot {
  const most = Math.max(1, ...data.bins.map(([, , voxels]) => voxels ?? 0));
  const size = (voxels: number) => 3 + 4 * (Math.log1p(voxels) / Math.log1p(most));
  return {
    key: 'calibration',
    caption: `Reliability: ECE ${figure(data.ece)}, Brier ${figure(data.brier)}`,
    title: `Reliability diagram of ${data.class}`,
    description: `Fraction of foreground against mean probability in ten bins; expected calibration error ${figure(data.ece)}, Brier score ${figure(data.brier)}. Larger points hold more voxels.`,
    x: 'mean predicted probability',
    y: 'fraction of foreground',
    readings: data.bins.map(([x, y, voxels]) => [
      x ?? 0,
      `mean p ${figure(x)}: ${figure(y)} foreground of ${(voxels ?? 0).toLocaleString('en')} voxels`,
    ]),
    marks: (x, y) =>
      html`${diagonal(x, y)}${path('line', data.bins, 1, x, y)}${data.bins.map(([p, fraction, voxels]) => html`<circle class="bin" cx="${place(x(p ?? 0))}" cy="${place(y(fraction ?? 0))}" r="${place(size(voxels ?? 0))}"/>`)}`,
  };
}

function diagonal(x: (value: number) => number, y: (value: number) => number): Markup {
  return html`<line class="chance" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>`;
}

function path(
  name: string,
  points: readonly CurveNumbers[],
  column: number,
  x: (value: number) => number,
  y: (value: number) => number,
  steps = false,
): Markup {
  const drawn = line<CurveNumbers>()
    .defined((point) => typeof point[0] === 'number' && typeof point[column] === 'number')
    .x((point) => place(x(point[0]!)))
    .y((point) => place(y(point[column]!)));
  if (steps) drawn.curve(curveStepBefore);
  return html`<path class="${name}" d="${drawn(points) ?? ''}"/>`;
}
