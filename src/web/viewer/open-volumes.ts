/** Opens the volumes of a stored case for the viewer: only what the run may read, and only what it scored. */

import { resolve } from 'node:path';
import { InputError, VoxtallyError } from '../../base/errors.ts';
import { labelSchema } from '../../base/label.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { readOutcome } from '../../run/case-outcome.ts';
import { DataRoots } from '../../run/data-roots.ts';
import { localStore } from '../../run/open-store.ts';
import { planCase } from '../../run/plan/case-plan.ts';
import { RunFolder } from '../../run/run-folder.ts';
import { scaled } from '../../settings/case-evidence.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { readHeader } from '../../volumes/formats.ts';
import { replacedInput } from '../../volumes/input-stamps.ts';
import type { VolumeHeader } from '../../volumes/types.ts';
import type { ViewRequest } from './case-reader.ts';
import type { DecisionRule } from './decisions.ts';
import type { ShownVolumes } from './read-view.ts';
import type { Scan } from './scan.ts';

export interface OpenedCase {
  readonly volumes: ShownVolumes;
  readonly rule: DecisionRule;
}

/** A run of which cases are shown. */
export interface ShownRun {
  readonly folder: RunFolder;
  readonly settings: RunSettings;
  /** With whole paths, and the folder from which those of outcomes count. */
  readonly cases: readonly ManifestCase[];
  readonly base: string;
}

/** `root`: the folder of the run's state. */
export function openShownRun(root: string): ShownRun {
  const folder = new RunFolder(localStore(root));
  return { folder, settings: folder.readSettings(), ...folder.readCasesInPlace() };
}

/**
 * `run`: that of the request, where it was read before.
 * @throws InputError for a volume that is gone, that is not the one that was scored, or that lies outside the data folders.
 */
export async function openVolumes(
  request: ViewRequest,
  run: ShownRun = openShownRun(request.root),
): Promise<OpenedCase> {
  const { case: index, dataRoots, part } = request;
  const roots = dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined;
  roots?.guard();
  const { settings } = run;
  const entry = run.cases[index]!;
  const rule = { settings, classes: classesOf(settings, request) };
  if (part.kind === 'side') return { volumes: await oneSide(settings, entry, part.side, roots), rule };

  roots?.checkCase(entry);
  checkInputs(run, index, entry.id);
  const plan = await planCase(entry, index, settings);
  for (const { dataPath } of [...plan.predictions, plan.reference]) roots?.check(dataPath, entry.id);
  const { shape } = request;
  if (shape && plan.shape.some((length, axis) => length !== shape[axis])) {
    throw changed(
      entry.id,
      plan.reference.path,
      `has ${plan.shape.join(' x ')} voxels, but ${shape.join(' x ')} were scored`,
    );
  }
  const file = request.image ?? entry.image;
  const scan = file === undefined ? {} : { scan: await openScan(file, roots) };
  return {
    volumes: {
      grid: plan.reference,
      predictions: plan.predictions,
      mapping: plan.mapping,
      reference: plan.reference,
      ...scan,
    },
    rule,
  };
}

/** Label maps without named classes have those of the results. */
function classesOf(settings: RunSettings, { classes }: ViewRequest): DecisionRule['classes'] {
  if (settings.classes.length > 0) return settings.classes;
  return classes.map(({ labels }) => ({
    labels: labels.map((label) => labelSchema.parse(label)),
    channels: [0],
  }));
}

/** A score belongs to the files that were read: others, even of the same shape, are not shown beside it. */
function checkInputs({ folder, base }: ShownRun, index: number, caseId: string): void {
  const outcome = readOutcome(folder, index);
  if (outcome.status !== 'ok') return;
  const replaced = replacedInput(
    outcome.inputs.map((stamp) => ({ ...stamp, file: resolve(base, stamp.file) })),
  );
  if (replaced !== undefined) throw changed(caseId, replaced, 'is not the file that was scored');
}

function changed(caseId: string, file: string, how: string): InputError {
  return new InputError('changed-since', `case ${caseId}: ${file}: ${how}; score the case again`, {
    caseId,
    file,
  });
}

/** The files of one side of a case without a score, on their own grid. */
async function oneSide(
  settings: RunSettings,
  { id, predictions, reference }: ManifestCase,
  side: 'prediction' | 'reference',
  roots: DataRoots | undefined,
): Promise<ShownVolumes> {
  const files = side === 'prediction' ? predictions : [reference];
  if (files.length === 0) {
    throw new InputError('prediction-missing', `case ${id}: has no prediction`, { caseId: id });
  }
  const headers: VolumeHeader[] = [];
  for (const file of files) {
    roots?.check(file, id);
    const header = await readHeader(file);
    roots?.check(header.dataPath, id);
    headers.push(side === 'prediction' ? scaled(header, settings.scale) : header);
  }
  const [first] = headers;
  return side === 'prediction'
    ? { grid: first!, predictions: headers, mapping: null }
    : { grid: first!, predictions: [], mapping: null, reference: first! };
}

/** A scan is context: one that cannot be read costs no more than itself. */
async function openScan(file: string, roots: DataRoots | undefined): Promise<Scan> {
  try {
    roots?.check(file);
    const header = await readHeader(file);
    roots?.check(header.dataPath);
    return { header };
  } catch (error) {
    if (!(error instanceof VoxtallyError)) throw error;
    return { fault: `it cannot be read (${error.code})` };
  }
}
