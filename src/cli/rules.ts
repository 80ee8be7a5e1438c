/** `--fail-if` of score and merge. */
import { checkRules, type RuleOutcome, ruleLine } from '../questions/rules/check-rules.ts';
import { type RuleScope, scopeOfSettings } from '../questions/rules/measures.ts';
import { parseRule, type Rule, ruleTarget } from '../questions/rules/rule.ts';
import type { ResultsDocument } from '../results/document.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

/** Status of a run whose results break a rule; above that of cases without a score. */
export const ruleBrokenStatus = 3;

/** @throws UsageError for a rule that cannot be read. */
export function readRules(texts: readonly string[] = []): Rule[] {
  return texts.map(parseRule);
}

/** @throws UsageError for a rule that names what a run of these settings does not have. */
export function checkRuleNames(rules: readonly Rule[], settings: RunSettings): void {
  const scope: RuleScope = scopeOfSettings(settings);
  for (const rule of rules) ruleTarget(rule, scope);
}

/** What a command gives that has checked its rules. */
export interface Ruled {
  readonly exitStatus: number;
  /** Absent where there was no rule. */
  readonly rules?: readonly RuleOutcome[];
}

/** The outcome of each rule, and the status with them. */
export function applyRules(rules: readonly Rule[], results: ResultsDocument, status: number): Ruled {
  if (rules.length === 0) return { exitStatus: status };
  const outcomes = checkRules(rules, results);
  return {
    exitStatus: outcomes.some(({ broken }) => broken) ? ruleBrokenStatus : status,
    rules: outcomes,
  };
}

/** Says which rules are broken, after everything else. */
export function tellBroken({ rules = [] }: Ruled, terminal: Terminal): void {
  for (const outcome of rules) {
    if (outcome.broken) terminal.error(`voxtally: ${plainText(ruleLine(outcome))}\n`);
  }
}
