/** Entry point of the thread that makes cases small enough to be looked at. */
import { InputError } from '../src/base/errors.ts';
import { packError } from '../src/base/packed-error.ts';
import { DataRoots } from '../src/run/data-roots.ts';
import { planCase } from '../src/run/plan/case-plan.ts';
import { RunFolder } from '../src/run/run-folder.ts';
import type { ReductionRequest } from '../src/web/viewer/case-reducer.ts';
import { type ReducedCase, reduceCase } from '../src/web/viewer/reduce-case.ts';
import { shownBoxes } from '../src/web/viewer/shown-boxes.ts';

/** Errors are returned, not thrown: a thrown one would lose its class and fields on the way to the other thread. */
export default async function reduce(request: ReductionRequest): Promise<unknown> {
  try {
    return { value: await reduceStored(request) };
  } catch (error) {
    return { error: packError(error) };
  }
}

async function reduceStored(request: ReductionRequest): Promise<ReducedCase> {
  const { root, case: index, shape, className, dataRoots } = request;
  const folder = new RunFolder(root);
  const roots = dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined;
  roots?.guard();
  const entry = folder.readCases()[index]!;
  const settings = folder.readSettings();
  roots?.checkCase(entry);
  const plan = await planCase(entry, index, settings);
  for (const { dataPath } of [...plan.predictions, plan.reference]) roots?.check(dataPath, entry.id);
  if (plan.shape.some((length, axis) => length !== shape[axis])) {
    throw new InputError(
      'changed-since',
      `case ${entry.id}: ${plan.reference.path}: has ${plan.shape.join(' x ')} voxels, but ${shape.join(' x ')} were scored; score the case again`,
      { caseId: entry.id, file: plan.reference.path },
    );
  }
  const [worst] = shownBoxes(folder, index, className);
  return reduceCase(plan, settings, className, worst?.box);
}
