/** Rules against results. A value that is undefined breaks its rule: nothing shows that it holds. */
import type { CaseSummary, ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { shapeValues } from '../../results/shapes/measures.ts';
import type { ShapeSettings } from '../../settings/shape-settings.ts';
import { measuresOfResults } from './measures.ts';
import { type Count, type Rule, type RuleTarget, ruleTarget } from './rule.ts';

type MeasureTarget = Extract<RuleTarget, { kind: 'measure' }>;

export interface RuleOutcome {
  /** As it was written. */
  readonly rule: string;
  /** Null where undefined. */
  readonly value: number | null;
  readonly broken: boolean;
  /** Of which class, cases or case the value is, for people. May name a case. */
  readonly where: string;
}

/** A class that no file had has no value; every other name was checked before the run. */
export function checkRules(rules: readonly Rule[], results: ResultsDocument): RuleOutcome[] {
  const scope = { measures: measuresOfResults(results), classes: undefined };
  return rules.map((rule) => {
    const { value, where } = ruledValue(ruleTarget(rule, scope), results);
    return { rule: rule.text, value, broken: value === null || compares(value, rule), where };
  });
}

/** A line on a broken rule. */
export function ruleLine({ rule, value, where }: RuleOutcome): string {
  return value === null
    ? `--fail-if "${rule}": the value is undefined, ${where}; that counts as a failure`
    : `--fail-if "${rule}": the value is ${value}, ${where}`;
}

interface Value {
  readonly value: number | null;
  readonly where: string;
}

function compares(value: number, { operator, limit }: Rule): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}

function ruledValue(target: RuleTarget, results: ResultsDocument): Value {
  if (target.kind === 'count') {
    return { value: countOf(target.count, results), where: `of ${results.cases.length} cases` };
  }
  const { measure, className } = target;
  if (className !== undefined) return ofClass(target, className, results);
  if (measure.overClasses) {
    const summary = results.means.losses[measure.id];
    return { value: summary?.[target.statistic] ?? null, where: overCases(summary) };
  }
  return overForeground(target, results);
}

function countOf(count: Count, { cases }: ResultsDocument): number {
  const of = (status: string) => cases.filter((entry) => entry.status === status).length;
  switch (count) {
    case 'cases':
      return cases.length;
    case 'scored':
      return of('ok');
    case 'failed':
      return of('failed') + of('incomplete');
    case 'incomplete':
      return of('incomplete');
  }
}

function ofClass(target: MeasureTarget, className: string, results: ResultsDocument): Value {
  if (!Object.hasOwn(results.means.classes, className)) {
    return { value: null, where: `no file has a class ${className}` };
  }
  const summary = summaryOf(target, className, results);
  const value = summary?.[target.statistic] ?? null;
  const found = value === null ? undefined : caseWith(target, className, value, results);
  return {
    value,
    where: `of class ${className}, ${found === undefined ? overCases(summary) : `in case ${found}`}`,
  };
}

/**
 * Without a class: the mean and the median are means over the foreground classes that have one, as in the table; the least and the
 * largest are those of all foreground classes.
 */
function overForeground(target: MeasureTarget, results: ResultsDocument): Value {
  const { statistic, measure } = target;
  const foreground = results.classes.filter(({ labels }) => !(labels.length === 1 && labels[0] === 0));
  const values = foreground
    .map(({ name }) => ({ name, value: summaryOf(target, name, results)?.[statistic] ?? null }))
    .filter((entry): entry is { name: string; value: number } => entry.value !== null);
  if (values.length === 0) return { value: null, where: 'no case has one' };
  if (statistic === 'mean' || statistic === 'median') {
    const value =
      statistic === 'mean'
        ? foregroundMean(measure, results)
        : values.reduce((sum, entry) => sum + entry.value, 0) / values.length;
    return { value, where: `the mean over ${classesIn(values.map(({ name }) => name))}` };
  }
  const extreme = values.reduce((best, entry) =>
    (statistic === 'min' ? entry.value < best.value : entry.value > best.value) ? entry : best,
  );
  return ofClass(target, extreme.name, results);
}

function foregroundMean({ kind, id }: MeasureTarget['measure'], { means }: ResultsDocument): number | null {
  const { metrics, losses, shapes } = means.foreground;
  const values = kind === 'metric' ? metrics : kind === 'loss' ? losses : shapes;
  return (values as Readonly<Record<string, { mean: number | null }>> | undefined)?.[id]?.mean ?? null;
}

function summaryOf(
  { measure: { kind, id } }: MeasureTarget,
  className: string,
  { means }: ResultsDocument,
): CaseSummary | undefined {
  const { metrics, losses, shapes } = means.classes[className] ?? {};
  const summaries = kind === 'metric' ? metrics : kind === 'loss' ? losses : shapes;
  return (summaries as Readonly<Record<string, CaseSummary>> | undefined)?.[id];
}

/** The case that has an extreme value. */
function caseWith(
  { statistic, measure: { kind, id } }: MeasureTarget,
  className: string,
  value: number,
  results: ResultsDocument,
): string | undefined {
  if (statistic !== 'min' && statistic !== 'max') return undefined;
  const settings = shapeSettingsOf(results);
  const ofCase = ({ classes }: ScoredCaseResult): number | null | undefined => {
    const own = classes[className];
    if (own === undefined) return undefined;
    if (kind === 'metric') return (own.metrics as Readonly<Record<string, number | null>>)[id];
    if (kind === 'loss') return own.losses[id];
    return settings && shapeValues(settings, own).get(id);
  };
  return results.cases.find((entry) => entry.status === 'ok' && ofCase(entry) === value)?.id;
}

function shapeSettingsOf({ shapes }: ResultsDocument): ShapeSettings | undefined {
  if (shapes === undefined) return undefined;
  const tolerancesMm = shapes.nsdTolerancesMm as ShapeSettings['tolerancesMm'];
  return { ...shapes, percentiles: [...shapes.percentiles], tolerancesMm, boundary: true, lesions: true };
}

function overCases(summary: CaseSummary | undefined): string {
  if (summary === undefined || summary.count === 0) return 'no case has one';
  return `over ${summary.count} ${summary.count === 1 ? 'case' : 'cases'}`;
}

function classesIn(names: readonly string[]): string {
  return names.length <= 4 ? `class ${names.join(', ')}` : `${names.length} classes`;
}
