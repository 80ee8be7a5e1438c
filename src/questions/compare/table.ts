/** A comparison for the terminal. */
import { layOut } from '../../results/layout.ts';
import { lossColumn } from '../../results/names.ts';
import type { Interval } from './bootstrap.ts';
import type { MeasureName } from './measures.ts';
import type { Comparison } from './types.ts';

const names = ['class', 'measure'];
const meansHeader = [...names, 'n', 'a', 'b', 'b - a', 'interval', 'p'];
const poolHeader = [...names, 'a', 'b', 'b - a', 'interval'];

/** The lines of two tables: means over cases and pooled values of both runs, and their differences. */
export function comparisonTable(comparison: Comparison, width: number): string[] {
  const { a, b, cases, level, resamples, seed, leftOut, differences, measures } = comparison;
  const named = ({ class: name, kind, measure }: MeasureName) => [
    name ?? 'all',
    kind === 'loss' ? lossColumn(measure) : measure,
  ];
  const meansRows = measures.flatMap(({ means, ...name }) =>
    means === null
      ? []
      : [
          [
            ...[...named(name), String(means.count), figure(means.a), figure(means.b)],
            ...[figure(means.difference, true), interval(means.interval)],
            means.wilcoxon ? figure(means.wilcoxon.pValue) : '-',
          ],
        ],
  );
  const poolRows = measures.map(({ pooled, ...name }) => [
    ...[...named(name), figure(pooled.a), figure(pooled.b)],
    ...[figure(pooled.difference, true), interval(pooled.interval)],
  ]);
  const without = [
    ...[...leftOut.casesOfA, ...leftOut.casesOfB].map((id) => `${id} (in one run only)`),
    ...leftOut.unscored.map((id) => `${id} (without a score)`),
    ...leftOut.classes.map((name) => `class ${name}`),
    ...leftOut.losses,
  ];
  return [
    `a = ${a}, b = ${b}: ${cases.length} cases in both`,
    `intervals: ${level * 100} % of ${resamples} draws of the cases (seed ${seed}); p: Wilcoxon signed-rank, two-sided, one test per row`,
    ...differences.map((text) => `the runs differ in ${text}`),
    ...(without.length > 0
      ? [`left out: ${without.slice(0, 8).join(', ')}${without.length > 8 ? ', ...' : ''}`]
      : []),
    '',
    'Means over cases',
    ...layOut([meansHeader, ...meansRows], width),
    '',
    'Pooled: the voxels of the cases as one volume; diceByMm3 weighs them by their size',
    ...layOut([poolHeader, ...poolRows], width),
  ];
}

function interval(value: Interval | null): string {
  return value ? `${figure(value.low, true)} to ${figure(value.high, true)}` : '-';
}

function figure(value: number | null, signed = false): string {
  if (value === null) return '-';
  const magnitude = Math.abs(value);
  const small = magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5);
  const text = small ? value.toExponential(2) : value.toFixed(4);
  return signed && value > 0 ? `+${text}` : text;
}
