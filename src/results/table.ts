import { styleText } from 'node:util';
import type { CaseSummary, ResultsDocument, ScoredCaseResult } from './document.ts';

export interface TableOptions {
  /** Columns of the terminal; longer cells are cut. At least 40. */
  readonly width: number;
  /** Whether to emphasise with escape sequences. */
  readonly color: boolean;
  /** How many of the worst and of the unscored cases to list; 5 unless told. */
  readonly worst?: number;
}

/** Above this many classes only the means over classes are shown. */
const mostClasses = 6;
const header = ['class', 'measure', 'mean', 'sd', 'median', 'q1', 'q3', 'cases', 'undef', 'pooled'];

/** The lines of a terminal table: means over cases, the worst cases by hard Dice, and the cases without a score. */
export function resultsTable(document: ResultsDocument, options: TableOptions): string[] {
  const { width, color, worst = 5 } = options;
  const heading = (text: string) => (color ? styleText('bold', text, { validateStream: false }) : text);
  const rows = document.classes.length > mostClasses ? overClassesRows(document) : classRows(document);
  const [head, ...means] = layOut([header, ...rows, ...multiclassRows(document)], width);
  const lines = [heading(summaryLine(document)), '', heading(head!), ...means];
  const lowest = worstRows(document, worst);
  if (lowest.length > 0) {
    const [worstHead, ...worstLines] = layOut([['lowest dice', 'class', 'case'], ...lowest], width);
    lines.push('', heading(worstHead!), ...worstLines);
  }
  const unscored = document.cases.filter((entry) => entry.status !== 'ok');
  if (unscored.length > 0) {
    lines.push('', heading('without a score'));
    for (const { id, status, error } of unscored.slice(0, worst)) {
      lines.push(cut(`${clean(id)}  ${status}: ${clean(error.message)}`, width));
    }
    if (unscored.length > worst) lines.push(`and ${unscored.length - worst} more`);
  }
  return lines;
}

function summaryLine({ cases, convention, scores }: ResultsDocument): string {
  const count = (status: string) => cases.filter((entry) => entry.status === status).length;
  const parts = (['failed', 'incomplete'] as const).flatMap((status) => {
    const number = count(status);
    return number === 0 ? [] : [`${number} ${status}`];
  });
  return [
    `${count('ok')} of ${cases.length} cases scored`,
    ...parts,
    `scores: ${scores}, ${convention}`,
  ].join(', ');
}

function classRows({ classes, means, pooled }: ResultsDocument): string[][] {
  return classes.flatMap(({ name }) => {
    const summaries = means.classes[name]!;
    const pool = pooled?.classes[name];
    return [
      ...Object.entries(summaries.losses).map(([id, summary]) =>
        summaryRow(name, id, summary, pool?.losses[id]),
      ),
      ...(['dice', 'jaccard', 'precision', 'recall'] as const).map((metric) =>
        summaryRow(name, `hard ${metric}`, summaries.hard[metric], pool?.hard[metric]),
      ),
    ];
  });
}

function overClassesRows({ means }: ResultsDocument): string[][] {
  const hard = Object.entries(means.overClasses.hard).slice(0, 4);
  const losses = Object.entries(means.overClasses.losses);
  return [...losses, ...hard.map(([metric, mean]) => [`hard ${metric}`, mean] as const)].map(
    ([measure, { mean, classes }]) => [`mean of ${classes.length}`, measure, figure(mean)],
  );
}

function multiclassRows({ means, pooled }: ResultsDocument): string[][] {
  return Object.entries(means.losses).map(([id, summary]) =>
    summaryRow('all', id, summary, pooled?.losses[id]),
  );
}

function summaryRow(
  name: string,
  measure: string,
  s: CaseSummary,
  pooled: number | null | undefined,
): string[] {
  const figures = [s.mean, s.sd, s.median, s.q1, s.q3].map(figure);
  return [name, measure, ...figures, String(s.count), String(s.undefined), figure(pooled ?? null)];
}

/** Cases and classes with the lowest hard Dice; ties in the order of the cases. */
function worstRows({ cases, classes }: ResultsDocument, most: number): string[][] {
  const scored = cases.filter((entry): entry is ScoredCaseResult => entry.status === 'ok');
  const all = scored.flatMap(({ id, classes: results }) =>
    classes.flatMap(({ name }) => {
      const dice = results[name]!.hard.dice;
      return dice === null ? [] : [{ id, name, dice }];
    }),
  );
  return all
    .sort((a, b) => a.dice - b.dice)
    .slice(0, most)
    .map(({ id, name, dice }) => [figure(dice), name, id]);
}

function figure(value: number | null): string {
  if (value === null) return '-';
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5)
    ? value.toExponential(3)
    : value.toFixed(4);
}

/** Pads the cells of each column alike, figures to the right, and cuts lines at the width. */
export function layOut(rows: readonly (readonly string[])[], width: number): string[] {
  const cleaned = rows.map((row) => row.map(clean));
  const columns = Math.max(...cleaned.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...cleaned.map((row) => row[i]?.length ?? 0)),
  );
  const isFigure = widths.map((_, i) => cleaned.slice(1).every((row) => /^(-|-?\d.*)?$/.test(row[i] ?? '')));
  return cleaned.map((row) => {
    const cells = row.map((cell, i) => (isFigure[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    return cut(cells.join('  ').trimEnd(), width);
  });
}

/** Ids and messages come from files: what could steer the terminal is replaced. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
