/**
 * A rule that a run must not meet: `mean dice < 0.8`, `min recall.tumour < 0.5`, `hd95 > 10`, `failed > 0`.
 *
 *   RULE = [mean | median | min | max] MEASURE[.CLASS] (< | <= | > | >=) NUMBER
 *        | COUNT (< | <= | > | >=) NUMBER
 */
import { didYouMean } from '../../base/did-you-mean.ts';
import { UsageError } from '../../base/errors.ts';
import { type RuleMeasure, type RuleScope, shortName } from './measures.ts';

export const statistics = ['mean', 'median', 'min', 'max'] as const;
export type Statistic = (typeof statistics)[number];

/** Cases by outcome: `failed` are all without a score, the incomplete ones among them. */
export const counts = ['cases', 'scored', 'failed', 'incomplete'] as const;
export type Count = (typeof counts)[number];

const operators = ['<=', '>=', '<', '>'] as const;
type Operator = (typeof operators)[number];

/** A rule as it was written; what it names is looked up once the run's measures are known. */
export interface Rule {
  readonly text: string;
  readonly statistic: Statistic | undefined;
  /** A count, or a measure with or without a class, and where it begins in `text`. */
  readonly subject: string;
  readonly subjectAt: number;
  readonly operator: Operator;
  readonly limit: number;
}

/** What a rule compares. */
export type RuleTarget =
  | { readonly kind: 'count'; readonly count: Count }
  | {
      readonly kind: 'measure';
      readonly statistic: Statistic;
      readonly measure: RuleMeasure;
      readonly className: string | undefined;
    };

/** @throws UsageError that says where the rule goes wrong. */
export function parseRule(text: string): Rule {
  // A class may have such signs in its name: the last ones compare.
  const signs = [...text.matchAll(/[<>=]+/g)].at(-1);
  if (!signs) throw mistake(text, text.trimEnd().length, 'expected <, <=, > or >= and a number');
  const at = signs.index;
  const operator = operators.find((sign) => sign === signs[0]);
  if (operator === undefined) throw mistake(text, at, 'expected <, <=, > or >=');
  const numberAt = at + operator.length;
  const number = text.slice(numberAt).trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) {
    throw mistake(text, numberAt + text.slice(numberAt).search(/\S|$/), 'expected a number');
  }
  const left = text.slice(0, at).trimEnd();
  const [, space, word, rest] = /^(\s*)(\w+)\s+(\S.*)$/s.exec(left) ?? [];
  const statistic = statistics.find((one) => one === word?.toLowerCase());
  const subject = statistic === undefined ? left.trim() : rest!.trim();
  const subjectAt = statistic === undefined ? left.search(/\S|$/) : left.length - rest!.length;
  if (subject === '' || (statistic === undefined && isStatistic(subject))) {
    const after = subject === '' ? (space ?? '').length : left.length;
    throw mistake(text, after, `expected a measure, or one of ${counts.join(', ')}`);
  }
  return { text: text.trim(), statistic, subject, subjectAt, operator, limit: Number(number) };
}

/** What a rule names in a run. @throws UsageError for a measure or class that the run does not have */
export function ruleTarget(rule: Rule, { measures, classes }: RuleScope): RuleTarget {
  const { subject, subjectAt, statistic, text } = rule;
  const wanted = subject.toLowerCase();
  const count = counts.find((name) => name === wanted);
  if (count !== undefined) {
    if (statistic === undefined) return { kind: 'count', count };
    throw mistake(text, 0, `${count} is a number of cases and has no ${statistic}: leave the word out`);
  }
  const found = longestMatch(wanted, measures);
  if (!found) throw mistake(text, subjectAt, unknownMeasure(subject, measures));
  const { measure, length } = found;
  const className = subject.length === length ? undefined : subject.slice(length + 1);
  if (className !== undefined) {
    const classAt = subjectAt + length + 1;
    if (!measure.ofClass) throw mistake(text, classAt, `${measure.name} is one value over all classes`);
    if (classes !== undefined && !classes.includes(className)) {
      const near = didYouMean(className, classes);
      const hint = near === undefined ? '' : ` Did you mean ${near}?`;
      throw mistake(text, classAt, `"${className}" is not a class of this run (${listed(classes)}).${hint}`);
    }
  }
  return { kind: 'measure', statistic: statistic ?? 'mean', measure, className };
}

/** Names contain dots, and so may classes: the longest name that fits is the measure. */
function longestMatch(wanted: string, measures: readonly RuleMeasure[]) {
  let best: { readonly measure: RuleMeasure; readonly length: number } | undefined;
  for (const measure of measures) {
    for (const name of namesOf(measure, measures)) {
      const fits = wanted === name || wanted.startsWith(`${name}.`);
      if (fits && name.length > (best?.length ?? 0)) best = { measure, length: name.length };
    }
  }
  return best;
}

/** Every name of a measure in lower case: the full one, the short one, and `nsd` for the first tolerance. */
function namesOf(measure: RuleMeasure, measures: readonly RuleMeasure[]): string[] {
  const short = shortName(measure);
  const isFirst = (prefix: string) => measures.find((one) => shortName(one)?.startsWith(prefix)) === measure;
  return [
    measure.name.toLowerCase(),
    ...(short === undefined ? [] : [short]),
    ...(short?.startsWith('nsd.') && isFirst('nsd.') ? ['nsd'] : []),
  ];
}

function unknownMeasure(subject: string, measures: readonly RuleMeasure[]): string {
  const names = [...measures.map((measure) => shortName(measure) ?? measure.name), ...counts];
  const word = subject.toLowerCase();
  const isShape = /^(hd|nsd|assd|masd|voxel|surfel|lesions)/.test(word);
  const isMeasured = measures.some(({ kind }) => kind === 'shape');
  if (isShape && !isMeasured) {
    const needed = word.startsWith('lesions') ? 'lesions' : 'boundary';
    return `this run does not measure "${subject}": add --measures overlap,${needed}`;
  }
  const near = didYouMean(subject.split('.')[0]!, names);
  return `"${subject}" is not a measure of this run (${names.join(', ')})${near === undefined ? '' : `. Did you mean ${near}?`}`;
}

function isStatistic(text: string): boolean {
  return statistics.some((one) => one === text.toLowerCase());
}

const mostListed = 20;

function listed(names: readonly string[]): string {
  const more = names.length - mostListed;
  return `${names.slice(0, mostListed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `at` counts characters from 0; people count from 1. */
function mistake(text: string, at: number, what: string): UsageError {
  return new UsageError('rule-invalid', `--fail-if "${text}", character ${at + 1}: ${what}`, {
    field: 'fail-if',
  });
}
