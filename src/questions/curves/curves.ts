/** Exact curves of a class from stored shards, streamed by descending score: memory is that of a range of scores. */
import { availableParallelism } from 'node:os';
import { PartialError, UsageError } from '../../base/errors.ts';
import { addSurveys, cutScores, filesOfRange, type Survey } from '../../measures/sorted-errors/survey.ts';
import type { WalkedRange, WalkPoint } from '../../measures/sorted-errors/walk-range.ts';
import type { ScoredOutcome } from '../../run/case-outcome.ts';
import type { StoreAddress } from '../../run/store.ts';
import type { ShardRef } from '../../run/tile-partial.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import {
  caseIndex,
  classIndex,
  type FinishedRun,
  holdsLogits,
  isScored,
  missingShards,
  scoredOutcomes,
  shardFiles,
} from '../ask/finished-run.ts';
import { calibration } from './calibration.ts';
import {
  averagePrecision,
  bestThreshold,
  prPoints,
  rocArea,
  rocPoints,
  thresholdPoints,
} from './formulas.ts';
import { pointGrid, thin } from './points.ts';
import { type ClassCurves, type CurveKind, curveKinds } from './types.ts';

export interface CurveOptions {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** Id of a case; by default all scored cases pooled. */
  readonly case?: string;
  /** All kinds by default. */
  readonly kinds?: readonly CurveKind[];
  /** Most points of a drawn curve, at least 16; default 1000. Areas and the best are of all points. */
  readonly maxPoints?: number;
  /** Bins of the reliability diagram, 1 to 1000; default 10. */
  readonly bins?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** What a run that is ending has ready, of all its scored cases. */
  readonly pooled?: PooledShards;
}

export interface PooledShards {
  readonly pool: ThreadPool;
  /** They hold what the shards of the cases hold, in fewer files. */
  readonly shards: readonly ShardRef[];
}

const defaultPoints = 1000;
const defaultBins = 10;
/** Directories read in one step. */
const surveyFiles = 64;

/**
 * The curves of each class asked for.
 * @throws UsageError for an unknown class or case, and when the shards were not kept
 */
export async function curves(run: FinishedRun, options: CurveOptions): Promise<ClassCurves[]> {
  checkInteger('points', options.maxPoints ?? defaultPoints, 16, 1e6);
  checkInteger('bins', options.bins ?? defaultBins, 1, 1000);
  if (run.settings.scores === 'label') throw missingShards(run, 'this run has none', 'a curve');
  const indices = options.classes.map((name) => classIndex(run, name));
  const outcomes = outcomesOf(run, options.case);
  const ofClasses = async (pool: ThreadPool, files: readonly ShardRef[]) => {
    const found: ClassCurves[] = [];
    for (const index of indices) found.push(await classCurves(run, pool, outcomes, files, index, options));
    return found;
  };
  if (options.pooled && options.case === undefined) {
    return ofClasses(options.pooled.pool, options.pooled.shards);
  }
  const files = outcomes.flatMap((outcome) => shardFiles(run, outcome, 'a curve'));
  const pool = new ThreadPool(options.threads ?? availableParallelism());
  try {
    return await ofClasses(pool, files);
  } finally {
    await pool.close();
  }
}

async function classCurves(
  run: FinishedRun,
  pool: ThreadPool,
  outcomes: readonly ScoredOutcome[],
  files: readonly ShardRef[],
  index: number,
  { kinds = curveKinds, maxPoints = defaultPoints, bins = defaultBins, ...options }: CurveOptions,
): Promise<ClassCurves> {
  const { address: store } = run.folder.store;
  const refs = new Map(files.map((file) => [file.name, file]));
  const logit = holdsLogits(run.settings);
  const survey = await surveyAll(pool, store, files, index, options.signal);
  const { positives, negatives } = checkCoverage(run, survey, outcomes, index);
  const grid = pointGrid(maxPoints, positives, negatives, logit);
  const request = {
    class: index,
    logit,
    positives,
    ...grid,
    edges: kinds.includes('calibration')
      ? Float64Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins)
      : null,
  };
  const walked = await inLanes(pool.threads, cutScores(survey, logit), (range) =>
    pool.run(
      {
        kind: 'walk-scores',
        store,
        files: filesOfRange(survey.spans, range, logit).map((name) => refs.get(name)!),
        request: { ...request, range },
      },
      options.signal,
    ),
  );
  const points = walked.flatMap((range) => range.points);
  const best = bestOf(walked, positives);
  const counts = { positives, negatives };
  return {
    class: run.settings.classes[index]!.name,
    case: options.case ?? null,
    cases: outcomes.length,
    scores: logit ? 'logit' : 'probability',
    voxels: positives + negatives,
    ...counts,
    ...(kinds.includes('roc') && {
      roc: {
        auc: rocArea(walked, counts),
        points: rocPoints(thin(points, grid, ['tp', 'fp'], null), counts, logit),
      },
    }),
    ...(kinds.includes('pr') && {
      pr: {
        averagePrecision: averagePrecision(walked, counts),
        points: prPoints(thin(points, grid, ['tp', 'fp'], null), counts, logit),
      },
    }),
    ...(kinds.includes('threshold') && {
      threshold: {
        best: bestThreshold(best, counts, logit),
        points: thresholdPoints(thin(points, grid, ['tp', 'probability'], best), counts, logit),
      },
    }),
    ...(kinds.includes('calibration') && { calibration: calibration(walked, bins) }),
  };
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new UsageError('curve-option', `${name}: ${value} is not an integer from ${min} to ${max}`, {
    field: name,
  });
}

function outcomesOf(run: FinishedRun, id: string | undefined): ScoredOutcome[] {
  if (id !== undefined) {
    const outcome = run.outcomes[caseIndex(run, id)]!;
    if (isScored(outcome)) return [outcome];
    throw new UsageError('case-unscored', `case "${id}" has no score: ${outcome.error.message}`, {
      caseId: id,
    });
  }
  const outcomes = scoredOutcomes(run);
  if (outcomes.length > 0) return outcomes;
  throw new UsageError('no-scores', `${run.outDir}: no case of this run was scored`, { file: run.outDir });
}

async function surveyAll(
  pool: ThreadPool,
  store: StoreAddress,
  files: readonly ShardRef[],
  classIndex: number,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const groups: ShardRef[][] = [];
  for (let i = 0; i < files.length; i += surveyFiles) groups.push(files.slice(i, i + surveyFiles));
  const surveys = await inLanes(pool.threads, groups, (group) =>
    pool.run({ kind: 'survey-shards', store, files: group, class: classIndex }, signal),
  );
  return addSurveys(surveys);
}

/** The shards must hold exactly the voxels of the tallies. */
function checkCoverage(run: FinishedRun, survey: Survey, outcomes: readonly ScoredOutcome[], index: number) {
  const add = (values: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    return sum;
  };
  const positives = add(survey.foreground);
  const negatives = add(survey.background);
  const voxels = add(outcomes.map(({ tally }) => tally.voxels));
  const foreground = add(outcomes.map(({ tally }) => tally.classes[index]!.foreground));
  if (positives === foreground && positives + negatives === voxels) return { positives, negatives };
  throw new PartialError(
    'shards-differ',
    `${run.outDir}: the shards hold ${positives + negatives} voxels, ${positives} of them foreground, where the tallies have ${voxels} and ${foreground}`,
    { file: run.outDir },
  );
}

/** Ranges come by descending score, so of equal values the highest score stays. */
function bestOf(walked: readonly WalkedRange[], positives: number): WalkPoint | null {
  let best: WalkPoint | null = null;
  const ratio = ({ tp, fp }: WalkPoint) => tp / (positives + fp);
  for (const range of walked) {
    if (range.best && (!best || ratio(range.best) > ratio(best))) best = range.best;
  }
  return best;
}

/** Results in the order of the items; at most `lanes` are worked on at a time. */
async function inLanes<T, R>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
