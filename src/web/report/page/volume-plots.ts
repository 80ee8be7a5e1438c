/** Predicted against reference volumes of a class: their agreement, and their differences over their means. */
import { scaleLinear } from 'd3-scale';
import { html, type Markup } from '../../dashboard/html.ts';
import { figure, integer } from '../format.ts';
import type { ReportData, VolumeAgreement } from '../report-data.ts';
import { frame, place } from './frame.ts';
import { measureAt } from './selection.ts';

const margin = { top: 10, right: 14, bottom: 38, left: 62 };

interface Volumes {
  readonly name: string;
  readonly referenceMl: number;
  readonly predictedMl: number;
}

export interface VolumePlot {
  readonly key: 'agreement' | 'bland-altman';
  readonly caption: string;
  readonly svg: Markup;
}

export function volumePlots(data: ReportData, classIndex: number, width: number): VolumePlot[] {
  const volumes = volumesOf(data, classIndex);
  const name = data.classes[classIndex]!;
  const ofAll = data.volumes[classIndex]!;
  return [agreement(name, volumes, ofAll, width), blandAltman(name, volumes, ofAll, width)];
}

function volumesOf(data: ReportData, classIndex: number): Volumes[] {
  const [reference, predicted] = ['referenceVolumeMl', 'predictedVolumeMl'].map(
    (key) => data.values[classIndex]![measureAt(data, key)]!,
  );
  return data.cases.flatMap(({ id }, at) => {
    const [referenceMl, predictedMl] = [reference![at]!, predicted![at]!];
    return Number.isNaN(referenceMl) || Number.isNaN(predictedMl)
      ? []
      : [{ name: id, referenceMl, predictedMl }];
  });
}

function agreement(
  name: string,
  volumes: readonly Volumes[],
  { within, count }: VolumeAgreement,
  width: number,
): VolumePlot {
  const height = Math.round(width * 0.68);
  const most = Math.max(1e-9, ...volumes.flatMap((v) => [v.referenceMl, v.predictedMl]));
  const [x, y] = scales([0, most], [0, most], width, height);
  const end = Math.min(x.domain()[1]!, y.domain()[1]!);
  const caption = `Volumes: ${integer(within)} of ${integer(count)} within 10 %`;
  return {
    key: 'agreement',
    caption,
    svg: frame(
      'volume-agreement',
      {
        width,
        height,
        margin,
        title: `Predicted against reference volume of ${name}`,
        description: `${caption}. Points on the diagonal have the reference's volume.`,
        x: { scale: x, label: 'reference volume, ml', ticks: 5 },
        y: { scale: y, label: 'predicted volume, ml', ticks: 5 },
      },
      html`<line class="chance" x1="${place(x(0))}" y1="${place(y(0))}" x2="${place(x(end))}" y2="${place(y(end))}"/>${points(
        volumes,
        (v) => x(v.referenceMl),
        (v) => y(v.predictedMl),
      )}`,
    ),
  };
}

/** Bland and Altman 1986: the mean difference and the limits of agreement, 1.96 standard deviations around it. */
function blandAltman(
  name: string,
  volumes: readonly Volumes[],
  { biasMl, sdMl }: VolumeAgreement,
  width: number,
): VolumePlot {
  const height = Math.round(width * 0.68);
  const differences = volumes.map((v) => v.predictedMl - v.referenceMl);
  const limits = biasMl === null || sdMl === null ? [] : [biasMl - 1.96 * sdMl, biasMl, biasMl + 1.96 * sdMl];
  const means = volumes.map((v) => (v.predictedMl + v.referenceMl) / 2);
  const low = Math.min(0, ...differences, ...limits);
  const high = Math.max(0, ...differences, ...limits);
  const [x, y] = scales([0, Math.max(1e-9, ...means)], low === high ? [-1, 1] : [low, high], width, height);
  const told =
    limits.length === 0
      ? 'needs two cases'
      : `bias ${figure(biasMl)} ml, limits ${figure(limits[0]!)} to ${figure(limits[2]!)} ml`;
  return {
    key: 'bland-altman',
    caption: `Bland-Altman: ${told}`,
    svg: frame(
      'volume-bland-altman',
      {
        width,
        height,
        margin,
        title: `Bland-Altman plot of the volumes of ${name}`,
        description: `Difference, predicted minus reference, over the mean of both: ${told}.`,
        x: { scale: x, label: 'mean of both volumes, ml', ticks: 5 },
        y: { scale: y, label: 'difference, ml', ticks: 5 },
      },
      html`${[0, ...limits].map((value, at) => html`<line class="${at === 2 ? 'line second' : 'chance'}" x1="${margin.left}" x2="${width - margin.right}" y1="${place(y(value))}" y2="${place(y(value))}"/>`)}${points(
        volumes,
        (v) => x((v.predictedMl + v.referenceMl) / 2),
        (v) => y(v.predictedMl - v.referenceMl),
      )}`,
    ),
  };
}

function scales(xDomain: [number, number], yDomain: [number, number], width: number, height: number) {
  return [
    scaleLinear()
      .domain(xDomain)
      .range([margin.left, width - margin.right])
      .nice(),
    scaleLinear()
      .domain(yDomain)
      .range([height - margin.bottom, margin.top])
      .nice(),
  ] as const;
}

function points(
  volumes: readonly Volumes[],
  x: (volumes: Volumes) => number,
  y: (volumes: Volumes) => number,
): Markup {
  return html`<g class="points">${volumes.map((v) => {
    const name = `${v.name}: ${figure(v.predictedMl)} ml predicted, ${figure(v.referenceMl)} ml in the reference`;
    return html`<circle class="point" cx="${place(x(v))}" cy="${place(y(v))}" r="3.5" data-tip="${name}"/>`;
  })}</g>`;
}
