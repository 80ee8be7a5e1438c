/** The results of a run for a terminal of 80 columns or more. */
import { styleText } from 'node:util';
import type { UnscoredCase } from '../base/scored.ts';
import type { HardMetricName } from '../losses/metrics/hard.ts';
import type { ResultsDocument, ScoredCaseResult } from './document.ts';
import { figure, fitted, layOut, signed } from './layout.ts';
import { shapeTable } from './shapes/table.ts';
import { commonFolder, groupUnscored } from './unscored.ts';

export const tableKinds = ['metrics', 'losses', 'all'] as const;
export type TableKind = (typeof tableKinds)[number];

export interface TableOptions {
  /** Columns of the terminal, at least 40. */
  readonly width: number;
  /** Whether to emphasise with escape sequences. */
  readonly color: boolean;
  /** What to show; by default the metrics. */
  readonly table?: TableKind;
  /** How many of the worst cases, and of the reasons of unscored ones, to list; by default 5. */
  readonly worst?: number;
}

/** A table whose first row is its head, and what must be known to read it. */
interface Part {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
  readonly notes?: readonly string[];
}

/** `↑`: the higher the better; `→0`: the nearer to 0 the better. */
const shown: readonly {
  readonly metric: HardMetricName;
  readonly name: string;
  readonly heading: string;
  readonly text: (value: number | null) => string;
}[] = [
  { metric: 'dice', name: 'Dice', heading: 'Dice↑', text: figure },
  { metric: 'precision', name: 'precision', heading: 'precision↑', text: figure },
  { metric: 'recall', name: 'recall', heading: 'recall↑', text: figure },
  { metric: 'relativeVolumeDifference', name: 'volume difference', heading: 'volume→0', text: signed },
];

/** Classes that a note names. */
const mostNamed = 8;

/** The lines of the tables asked for, the worst cases by Dice, and the cases without a score. */
export function resultsTable(document: ResultsDocument, options: TableOptions): string[] {
  const { width, color, table = 'metrics', worst = 5 } = options;
  const heading = (text: string) => (color ? styleText('bold', text, { validateStream: false }) : text);
  const parts = isScored(document)
    ? [
        ...(table === 'losses'
          ? []
          : [meansPart(document), ...shapesPart(document), ...pooledPart(document)]),
        ...(table === 'metrics' ? [] : lossParts(document)),
        ...worstPart(document, worst),
      ]
    : [];
  const lines = fitted(summaryLine(document), width);
  for (const { title, rows, notes = [] } of parts) {
    lines.push('', ...fitted(title, width).map(heading), ...layOut(rows, width));
    lines.push(...notes.flatMap((note) => fitted(note, width)));
  }
  const unscored = document.cases.filter((entry) => entry.status !== 'ok');
  if (unscored.length > 0) {
    lines.push('', ...unscoredLines(unscored, worst, width, heading));
  }
  return lines;
}

/** Whether some case has a score; without one there is nothing to tabulate. */
export function isScored({ cases }: ResultsDocument): boolean {
  return cases.some(({ status }) => status === 'ok');
}

/** One entry for each reason, with the number of its cases; paths are told below the folder that they share. */
function unscoredLines(
  unscored: readonly UnscoredCase[],
  most: number,
  width: number,
  heading: (text: string) => string,
): string[] {
  const folder = commonFolder(unscored);
  const below = (text: string) => (folder === undefined ? text : text.replaceAll(`${folder}/`, ''));
  const title = `without a score${folder === undefined ? '' : ` (files below ${folder})`}`;
  const lines = fitted(title, width).map(heading);
  const groups = groupUnscored(unscored);
  for (const { ids, status, reason, message } of groups.slice(0, most)) {
    const text =
      ids.length === 1
        ? `${ids[0]}  ${status}: ${message}`
        : `${ids.length} cases ${status}: ${reason} (${listed(ids)})`;
    lines.push(...fitted(below(text), width));
  }
  const rest = groups.slice(most);
  if (rest.length > 0) {
    const cases = rest.reduce((sum, { ids }) => sum + ids.length, 0);
    lines.push(`and ${cases} more${rest.length === cases ? '' : ` for ${rest.length} other reasons`}`);
  }
  return lines;
}

function summaryLine({ cases, convention, scores, decision }: ResultsDocument): string {
  const number = (status: string) => cases.filter((entry) => entry.status === status).length;
  const unscored = (['failed', 'incomplete'] as const)
    .filter((status) => number(status) > 0)
    .map((status) => `, ${number(status)} ${status}`);
  const rule = decision === scores ? '' : `, decision: ${decision}`;
  return `${number('ok')} of ${cases.length} cases scored${unscored.join('')}, scores: ${scores}${rule}, ${convention}`;
}

function meansPart(document: ResultsDocument): Part {
  const { classes, means } = document;
  const figures = (mean: (metric: HardMetricName) => number | null) =>
    shown.map(({ metric, text }) => text(mean(metric)));
  const rows = classes.map(({ name }) => {
    const { metrics } = means.classes[name]!;
    const { count, undefined: none } = metrics.dice;
    return [name, ...figures((metric) => metrics[metric].mean), String(count), String(none)];
  });
  return {
    title: 'Mean over cases',
    rows: [
      ['class', ...shown.map(({ heading }) => heading), 'cases', 'undefined'],
      ...rows,
      ['foreground mean', ...figures((metric) => means.foreground.metrics[metric].mean)],
    ],
    notes: [...countNotes(document), ...foregroundNotes(document)],
  };
}

/** The numbers of cases are those of Dice; another metric may be defined in others. */
function countNotes({ classes, means }: ResultsDocument): string[] {
  return shown.flatMap(({ metric, name: metricName }) => {
    const others = classes.flatMap(({ name }) => {
      const { [metric]: summary, dice } = means.classes[name]!.metrics;
      return summary.count === dice.count ? [] : [`${name} over ${summary.count}`];
    });
    return others.length === 0 ? [] : [`cases of the ${metricName}: ${listed(others)}`];
  });
}

/** A class without a mean of its own is not in the mean over classes. */
function foregroundNotes({ classes, means }: ResultsDocument): string[] {
  const foreground = classes.filter(({ labels }) => !(labels.length === 1 && labels[0] === 0));
  return shown.flatMap(({ metric, name: metricName }) => {
    const held = new Set(means.foreground.metrics[metric].classes);
    const left = foreground.filter(({ name }) => !held.has(name)).map(({ name }) => name);
    return left.length === 0 || held.size === 0
      ? []
      : [`foreground mean of the ${metricName}: without ${listed(left)}, undefined in every case`];
  });
}

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function shapesPart(document: ResultsDocument): Part[] {
  const table = shapeTable(document);
  return table ? [{ title: 'Borders and lesions: mean over cases', ...table }] : [];
}

/** Of one case the pool is the case. */
function pooledPart({ classes, pooled }: ResultsDocument): Part[] {
  if (!pooled || pooled.cases < 2) return [];
  const [, ...others] = shown;
  return [
    {
      title: `Pooled: the voxels of ${pooled.cases} cases as one volume`,
      rows: [
        ['class', 'Dice↑ by voxel', 'Dice↑ by mm³', ...others.map(({ heading }) => heading)],
        ...classes.map(({ name }) => {
          const { metrics } = pooled.classes[name]!;
          const dice = [metrics.dice, metrics.diceByMm3].map(figure);
          return [name, ...dice, ...others.map(({ metric, text }) => text(metrics[metric]))];
        }),
      ],
    },
  ];
}

/** A table for each class, and one for the losses over all of them. */
function lossParts({ classes, losses, means, pooled }: ResultsDocument): Part[] {
  const part = (
    whose: string,
    scope: string,
    { losses: summaries }: Pick<ResultsDocument['means'], 'losses'>,
    pool: Readonly<Record<string, number | null>> | undefined,
  ): Part[] => {
    const rows = losses
      .filter((loss) => loss.scope === scope)
      .map(({ id, column, better }) => {
        const { mean, sd, count, undefined: none } = summaries[id]!;
        const figures = [mean, sd, pool?.[id] ?? null].map(figure);
        return [better === 'higher' ? `${column}↑` : column, ...figures, String(count), String(none)];
      });
    if (rows.length === 0) return [];
    const title = `Losses ${whose}: the lower the better, but for those with ↑`;
    return [{ title, rows: [['loss', 'mean', 'sd', 'pooled', 'cases', 'undefined'], ...rows] }];
  };
  return [
    ...classes.flatMap(({ name }) =>
      part(`of ${name}`, 'class', means.classes[name]!, pooled?.classes[name]?.losses),
    ),
    ...part('over the classes', 'multiclass', means, pooled?.losses),
  ];
}

/** Cases and classes with the lowest Dice; ties in the order of the cases. */
function worstPart({ cases, classes }: ResultsDocument, most: number): Part[] {
  const scored = cases.filter((entry): entry is ScoredCaseResult => entry.status === 'ok');
  const all = scored.flatMap(({ id, classes: results }) =>
    classes.flatMap(({ name }) => {
      const { dice } = results[name]!.metrics;
      return dice === null ? [] : [{ id, name, dice }];
    }),
  );
  if (all.length === 0) return [];
  const rows = all
    .sort((a, b) => a.dice - b.dice)
    .slice(0, most)
    .map(({ id, name, dice }) => [figure(dice), name, id]);
  return [{ title: 'Lowest Dice', rows: [['Dice↑', 'class', 'case'], ...rows] }];
}
