import { voxelCount } from '../../base/box.ts';
import { bundleCount } from '../../run/plan/bundles.ts';
import type { CasePlan } from '../../run/plan/case-plan.ts';

/** Jobs of a case: all are added at once, are held by Redis at once, and feed this many threads. */
const maxJobs = 1000;

/** Cuts the bundles that are to be scored into jobs: neighbours in file order, several small ones or a large one each. */
export function cutJobs(
  plan: Pick<CasePlan, 'shape' | 'tileShape' | 'bundleTiles'>,
  bundles: readonly number[],
  jobVoxels: number,
): { readonly bundle: number; readonly bundles: number }[] {
  const perJob = Math.max(
    1,
    Math.round(jobVoxels / (voxelCount(plan.tileShape) * plan.bundleTiles)),
    Math.ceil(bundleCount(plan) / maxJobs),
  );
  const jobs: { bundle: number; bundles: number }[] = [];
  for (const bundle of bundles) {
    const last = jobs.at(-1);
    // A gap of bundles that are there already is cheaper to step over than to make two jobs of.
    if (last && bundle < last.bundle + perJob) last.bundles = bundle - last.bundle + 1;
    else jobs.push({ bundle, bundles: 1 });
  }
  return jobs;
}
