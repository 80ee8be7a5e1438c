/** The shapes of a finished run under a question: lesions by another rule of BraTS are measured again, from the masks. */
import { UsageError } from '../../base/errors.ts';
import type { Brats } from '../../measures/lesions/brats.ts';
import type { CaseShapes } from '../../measures/shapes/case-shapes.ts';
import { whyNoDistances } from '../../measures/shapes/orthogonal.ts';
import { type ShapeJob, shapesId } from '../../measures/shapes/row.ts';
import type { ShapeResult } from '../../measures/shapes/tasks.ts';
import { masksFile, type StoredShapes, storedShapes } from '../../run/shapes.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { type BratsRule, bratsPresets } from '../../settings/shape-names.ts';
import { ThreadPool } from '../../threads/thread-pool.ts';
import type { FinishedRun } from './finished-run.ts';

/** @throws UsageError when masks are needed that were not kept */
export async function askedShapes(
  run: FinishedRun,
  { shapes }: RunSettings,
  options: { readonly threads: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly StoredShapes[]> {
  if (!shapes) return [];
  const stored = storedShapes(run.folder, run.outcomes);
  const rule: BratsRule | null =
    shapes.lesions && shapes.lesionPreset ? bratsPresets[shapes.lesionPreset] : null;
  if (rule === null) return stored;
  const other = stored.filter(({ read }) => !isSame(read(new Set()).bratsRule, rule));
  if (other.length === 0) return stored;
  const pool = new ThreadPool(Math.min(options.threads, other.length));
  try {
    const measured = new Map<StoredShapes, Map<string, Brats>>();
    await Promise.all(
      other.map(async (one) => {
        measured.set(one, await bratsOf(run, one, rule, pool, options.signal));
      }),
    );
    return stored.map((one) => {
      const brats = measured.get(one);
      return brats ? { place: one.place, read: (only) => withBrats(one.read(only), rule, brats) } : one;
    });
  } finally {
    await pool.close();
  }
}

async function bratsOf(
  run: FinishedRun,
  { place, read }: StoredShapes,
  rule: BratsRule,
  pool: ThreadPool,
  signal: AbortSignal | undefined,
): Promise<Map<string, Brats>> {
  const { index } = run.outcomes[place]!;
  const { store } = run.folder;
  const masks = masksFile(run.folder, index);
  if (!store.has(masks)) {
    const file = store.pathOf(masks);
    throw new UsageError(
      'masks-missing',
      `case ${run.cases[place]!.id}: lesions by another preset need its masks, and ${file} was not kept; score again with --overwrite and --keep-shards always or --lesion-preset`,
      { file, field: 'lesionPreset' },
    );
  }
  const { classes, spacingMm, voxelMm3, affine } = read();
  const tasks = classes.flatMap(({ components }, i) =>
    components === null ? [] : [{ kind: 'brats' as const, class: i, rule }],
  );
  const voxel = { spacingMm: whyNoDistances(affine) === null ? spacingMm : null, voxelMm3 };
  const job: ShapeJob = { tasks, voxel };
  const results = (await pool.run(
    {
      kind: 'case-job',
      store: store.address,
      case: index,
      plan: run.folder.readPlan(index).id,
      quantity: shapesId,
      job,
      target: null,
    },
    signal,
  )) as ShapeResult[];
  return new Map(
    results.flatMap((result) =>
      result.kind === 'brats' ? [[classes[result.class]!.name, result.brats]] : [],
    ),
  );
}

function withBrats(shapes: CaseShapes, rule: BratsRule, brats: ReadonlyMap<string, Brats>): CaseShapes {
  const classes = shapes.classes.map((own) => ({ ...own, brats: brats.get(own.name) ?? null }));
  return { ...shapes, bratsRule: rule, classes };
}

function isSame(a: BratsRule | null, b: BratsRule): boolean {
  return a !== null && a.dilation === b.dilation && a.minMm3 === b.minMm3;
}
