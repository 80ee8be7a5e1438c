import type { ClassSums, HardCounts, MulticlassSums } from '../base/class-sums.ts';
import { jsonLabel } from '../base/label.ts';
import type { CaseOutcome, ClassSpec, RunOutcome, ScoredCase, UnscoredCase } from '../base/scored.ts';
import { countsOfClasses, labelsOf } from '../losses/metrics/confusion.ts';
import {
  type CaseCounts,
  caseVolumes,
  diceByMm3,
  type HardMetrics,
  hardMetricFacts,
  hardMetricNames,
  hardMetrics,
  pooledVolumes,
} from '../losses/metrics/hard.ts';
import type { AllMeasures, ClassLossSpec, Convention, LossSpec, MulticlassLossSpec } from '../losses/spec.ts';
import type { ClassShapeValues } from '../measures/shapes/class-values.ts';
import {
  type CaseResult,
  type ClassResult,
  type PooledResult,
  type ResultsDocument,
  resultsVersion,
  type ScoredCaseResult,
  type ScoreResult,
} from './document.ts';
import { buildMeans } from './means.ts';
import { lossColumn, lossFacts } from './names.ts';
import { Observations } from './observations.ts';
import { classShapes, pooledShapes, type RunShapes, shapesAsked } from './shapes/build.ts';
import { roundedTolerances } from './shapes/rounded-tolerances.ts';

export interface ResultOptions {
  readonly convention: Convention;
  /** The β > 0 of F-beta; by default 1. */
  readonly beta?: number;
  /** The probability above which a voxel is given to a class; by default 0.5. */
  readonly threshold?: number;
}

/**
 * Losses, metrics and statistics of a run as plain data: a pure function of its arguments. The cases are gone through once,
 * and `onCase` is told of each.
 */
export function buildResults(
  outcome: RunOutcome,
  losses: readonly LossSpec[],
  options: ResultOptions,
  shapes?: RunShapes,
  onCase?: (entry: CaseOutcome) => void,
): ResultsDocument {
  const beta = options.beta ?? 1;
  const evaluate = evaluator(outcome, losses);
  const cases: CaseResult[] = [];
  const counts: CountsOfCase[] = [];
  const observations = new Observations(outcome);
  for (const entry of outcome.cases) {
    const result = caseResult(entry, evaluate, beta);
    cases.push(
      result.status === 'ok' && shapes ? withShapes(result, shapes.cases.get(cases.length)) : result,
    );
    observations.add(entry);
    if (entry.status === 'ok') counts.push(countsOf(outcome.classes, entry));
    onCase?.(entry);
  }
  return {
    version: resultsVersion,
    scores: outcome.scores,
    channels: outcome.channels,
    convention: options.convention,
    decision: decisionRule(outcome, options.threshold ?? 0.5),
    beta,
    classes: outcome.classes.map(({ name, labels }) => ({ name, labels: labels.map(jsonLabel) })),
    metrics: hardMetricNames.map((name) => {
      const { better, unit } = hardMetricFacts[name];
      return { name, better, unit };
    }),
    losses: losses.map((loss) => {
      const { id, name, form, scope, params } = loss;
      const named = { id, name, ...(form !== undefined && { form }) };
      return { ...named, scope, ...lossFacts(loss), column: lossColumn(id), params };
    }),
    ...(shapes && { shapes: shapesAsked(shapes.settings) }),
    warnings: [...observations.sentences(), ...(shapes ? roundedTolerances(shapes.settings, cases) : [])],
    cases,
    pooled: pooledResult(outcome, counts, evaluate, beta, shapes),
    means: buildMeans(cases, outcome.classes, losses, shapes?.settings),
  };
}

type Evaluate = <Metrics extends HardMetrics>(
  measures: AllMeasures,
  metricsOf: (name: string, m: ClassSums) => Metrics,
) => Omit<ScoreResult, 'classes'> & { classes: Record<string, PlainResult & { metrics: Metrics }> };

/** A class's result but for its shapes. */
type PlainResult = Omit<ClassResult, 'boundary' | 'lesions'>;

function evaluator(outcome: RunOutcome, losses: readonly LossSpec[]): Evaluate {
  const classLosses = losses.filter((loss): loss is ClassLossSpec => loss.scope === 'class');
  const multiclassLosses = losses.filter((loss): loss is MulticlassLossSpec => loss.scope === 'multiclass');
  return (sums, metricsOf) => {
    const measures = { ...sums, ...competingCounts(outcome.classes, sums.multiclass) };
    const classes = outcome.classes.map(({ name }) => {
      const m = measures.classes[name];
      if (m === undefined) throw new Error(`class ${name} was not measured`);
      const { voxels, foreground, tp, fp, fn } = m;
      const values = Object.fromEntries(
        classLosses.map((loss) => [loss.id, loss.value(m, measures.competing?.[name])]),
      );
      const metrics = metricsOf(name, m);
      return [name, { voxels, foreground, metrics, losses: values, soft: { tp, fp, fn } }] as const;
    });
    const means = multiclassLosses.flatMap((loss): [string, string[]][] =>
      loss.meanOver ? [[loss.id, [...loss.meanOver(measures)]]] : [],
    );
    const { multiclass } = sums;
    return {
      classes: Object.fromEntries(classes),
      losses: Object.fromEntries(multiclassLosses.map((loss) => [loss.id, loss.value(measures)])),
      meanOver: Object.fromEntries(means),
      ...(multiclass && { confusion: confusionOf(multiclass) }),
    };
  };
}

function withShapes(
  result: ScoredCaseResult,
  shapes: Readonly<Record<string, ClassShapeValues>> | undefined,
): ScoredCaseResult {
  const classes = Object.entries(result.classes).map(([name, own]) => [
    name,
    { ...own, ...classShapes(shapes?.[name]) },
  ]);
  return { ...result, classes: Object.fromEntries(classes) };
}

function caseResult(entry: ScoredCase | UnscoredCase, evaluate: Evaluate, beta: number): CaseResult {
  const { id, group, status } = entry;
  const identity = { id, ...(group !== undefined && { group }) };
  if (status !== 'ok') {
    const { code, message, file, field, voxel } = entry.error;
    const place = {
      ...(file !== undefined && { file }),
      ...(field !== undefined && { field }),
      ...(voxel !== undefined && { voxel }),
    };
    return { ...identity, status, error: { code, message, ...place } };
  }
  const { shape, spacingMm, voxelMm3 } = entry;
  const scores = evaluate(entry, (_name, { hard }) =>
    hardMetrics(hard, caseVolumes({ counts: hard, voxelMm3 }), beta),
  );
  return { ...identity, status, shape, spacingMm, ...scores } satisfies ScoredCaseResult;
}

/** Of a scored case: the size of its voxels, and of each class the counts, by the place of the class. */
interface CountsOfCase {
  readonly voxelMm3: number;
  readonly hard: readonly HardCounts[];
}

function countsOf(classes: readonly ClassSpec[], { voxelMm3, classes: sums }: ScoredCase): CountsOfCase {
  return { voxelMm3, hard: classes.map(({ name }) => sums[name]!.hard) };
}

/** By voxels: the counts of all cases are added. What is by volume goes by each case's own size of a voxel. */
function pooledResult(
  outcome: RunOutcome,
  scored: readonly CountsOfCase[],
  evaluate: Evaluate,
  beta: number,
  shapes: RunShapes | undefined,
): PooledResult | null {
  if (!outcome.pooled) return null;
  const places = new Map(outcome.classes.map(({ name }, place) => [name, place]));
  const scores = evaluate(outcome.pooled, (name, { hard }) => {
    const place = places.get(name)!;
    const cases = scored.map(
      (entry): CaseCounts => ({ counts: entry.hard[place]!, voxelMm3: entry.voxelMm3 }),
    );
    return { ...hardMetrics(hard, pooledVolumes(cases), beta), diceByMm3: diceByMm3(cases) };
  });
  if (!shapes) return { cases: scored.length, ...scores };
  const classes = Object.entries(scores.classes).map(([name, result]) => [
    name,
    { ...result, ...pooledShapes(shapes.pooled[name]) },
  ]);
  return { cases: scored.length, ...scores, classes: Object.fromEntries(classes) };
}

function competingCounts(
  classes: readonly ClassSpec[],
  multiclass: MulticlassSums | undefined,
): Pick<AllMeasures, 'competing'> {
  if (!multiclass) return {};
  const counts = countsOfClasses(
    multiclass.confusion,
    classes.map(({ labels }) => labels),
  );
  return { competing: Object.fromEntries(classes.map(({ name }, index) => [name, counts[index]!])) };
}

/** More labels are given as the pairs that occur, for a matrix of them is nearly empty. */
const mostMatrixLabels = 256;

function confusionOf({ confusion }: MulticlassSums): NonNullable<ScoreResult['confusion']> {
  const found = labelsOf(confusion);
  const rank = new Map(found.map((label, i) => [label, i]));
  const labels = found.map(jsonLabel);
  const pairs = confusion.map(([reference, prediction, voxels]) => {
    return [rank.get(reference)!, rank.get(prediction)!, voxels] as const;
  });
  if (labels.length > mostMatrixLabels) return { labels, pairs };
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const [reference, prediction, voxels] of pairs) matrix[reference]![prediction] = voxels;
  return { labels, matrix };
}

function decisionRule({ scores, channels, classes }: RunOutcome, threshold: number): string {
  if (scores === 'label') return 'label';
  const above = `probability > ${threshold}`;
  if (channels === 'exclusive') {
    const regions = classes.filter(({ labels }) => labels.length > 1).length;
    if (regions === 0) return 'largest channel';
    return regions === classes.length ? above : `largest channel; regions by ${above}`;
  }
  if (scores === 'probability') return above;
  return threshold === 0.5 ? 'logit > 0' : `sigmoid(logit) > ${threshold}`;
}
