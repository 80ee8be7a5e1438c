/** The frame of a plot: an SVG with axes, grid and labels. Marks are styled by class, so that themes reach them. */
import type { ScaleLinear, ScaleLogarithmic } from 'd3-scale';
import { type Fragment, html, type Markup } from '../../dashboard/html.ts';

export interface Axis {
  readonly scale: ScaleLinear<number, number> | ScaleLogarithmic<number, number>;
  readonly label: string;
  /** About how many ticks. */
  readonly ticks: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Room around the plot's own area: the axes are in it. */
  readonly margin: {
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
    readonly left: number;
  };
  readonly title: string;
  /** What the plot tells, in a sentence. */
  readonly description: string;
  readonly x: Axis;
  /** None where rows have names of their own. */
  readonly y?: Axis;
}

/** A whole plot. `id` is unique in the page. */
export function frame(id: string, plot: Frame, marks: Fragment): Markup {
  const { width, height, margin, title, description, x, y } = plot;
  const [left, right] = [margin.left, width - margin.right];
  const [top, bottom] = [margin.top, height - margin.bottom];
  const given = x.scale.tickFormat(x.ticks);
  // A logarithmic scale leaves out the text of ticks for which there is no room.
  const tickText = (tick: number) =>
    'base' in x.scale && given(tick) !== '' ? powerOfTen(tick) : given(tick);
  return html`<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${title}</title><desc id="${id}-description">${description}</desc>
<g aria-hidden="true">
${x.scale.ticks(x.ticks).map((tick) => {
  const at = place(x.scale(tick));
  return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`;
})}
<text class="axis-label" x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle">${x.label}</text>
${
  y &&
  html`${y.scale.ticks(y.ticks).map((tick) => {
    const at = place(y.scale(tick));
    return html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 6}" y="${at + 4}" text-anchor="end">${y.scale.tickFormat(y.ticks)(tick)}</text>`;
  })}<text class="axis-label" transform="translate(11 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${y.label}</text>`
}
</g>
${marks}
</svg>`;
}

/** 1, 0.1, 0.01, then 10⁻³ and so on. */
function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent > -3) return String(Number(value.toPrecision(1)));
  return `10⁻${[...String(-exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}

/** A coordinate to a tenth of a pixel. */
export function place(value: number): number {
  return Math.round(value * 10) / 10;
}
