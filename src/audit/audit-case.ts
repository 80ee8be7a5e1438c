/** The audit of a case: its chosen tiles are read again, computed again by tensors and compared with their partial files. */
import { VoxtallyError } from '../base/errors.ts';
import { type Kernels, loadKernels } from '../kernels/kernels.ts';
import { masksName, shapesId } from '../measures/shapes/row.ts';
import { withSections } from '../measures/shapes/section-files.ts';
import { type CaseAudit, type ComparedRecord, nothingAudited, plainNumber } from '../run/audit/record.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { openStore } from '../run/open-store.ts';
import { bundleOfTile } from '../run/plan/bundles.ts';
import { channelHeaders } from '../run/plan/case-plan.ts';
import { RunFolder } from '../run/run-folder.ts';
import type { StoreAddress } from '../run/store.ts';
import { compareTile } from './compare-tile.ts';
import { type ReadTile, readTiles } from './read-tiles.ts';
import { readRunTile } from './run-tile.ts';
import { compareShapes } from './shapes/compare-shapes.ts';
import { tileVoxels } from './tile-voxels.ts';
import { type Compared, differs, ratioOf } from './values.ts';

/** The audit of a case as a piece of work for the thread that has TensorFlow. */
export interface AuditStep {
  readonly kind: 'audit-case';
  readonly store: StoreAddress;
  readonly case: number;
  /** Identity of its plan, that its partials carry. */
  readonly plan: string;
  /** Ascending, at least one. */
  readonly tiles: readonly number[];
}

/** Differences of a case that are listed; all are counted. */
const maxListed = 200;

let kernels: Kernels | undefined;

/**
 * @param backend what the tensors run on, in words
 * @throws InputError when a volume cannot be read any more, PartialError when a partial is not whole
 */
export async function auditCase(step: AuditStep, backend: string, dataRoots?: DataRoots): Promise<CaseAudit> {
  kernels ??= loadKernels();
  const own = kernels;
  const folder = new RunFolder(openStore(step.store));
  const settings = folder.readSettings();
  const plan = folder.readPlan(step.case);
  dataRoots?.guard(folder.path);
  dataRoots?.checkPlan(plan, folder.path);
  const input = {
    predictions: channelHeaders(plan.predictions),
    reference: plan.reference,
    shape: plan.shape,
  };
  const audit: CaseAudit = { ...nothingAudited(plan), backend };
  const largest = new Map<string, readonly [Compared, ReadTile]>();
  for await (const read of readTiles(plan, step.tiles)) {
    const partial = { name: folder.bundle(step.case, bundleOfTile(plan, read.tile)), of: step.plan };
    const run = readRunTile(folder.store, partial, read.box, settings, own);
    let rows: Compared[];
    try {
      const voxels = tileVoxels(read.bytes, input, settings);
      rows = await compareTile(voxels, run, settings);
      if (settings.shapes) {
        const kept = folder.keptOf(plan, shapesId);
        const { spacingMm } = plan.reference;
        const again = withSections(kept, masksName, (file) =>
          compareShapes(own, { voxels, box: read.box, spacingMm, file }, settings),
        );
        rows.push(...again);
      }
    } catch (error) {
      if (error instanceof VoxtallyError) throw error;
      audit.failures.push({ tile: read.tile, message: (error as Error).message });
      continue;
    }
    audit.audited.push(read.tile);
    audit.values += rows.length;
    for (const row of rows) {
      const name = row.quantity.startsWith('confusion') ? 'confusion' : row.quantity;
      const before = largest.get(name);
      if (!before || !(ratioOf(row) <= ratioOf(before[0]))) largest.set(name, [row, read]);
      if (!differs(row)) continue;
      audit.differing++;
      if (audit.differences.length < maxListed) audit.differences.push(recordOf(row, read));
    }
  }
  audit.largest.push(...[...largest.values()].map(([row, read]) => recordOf(row, read)));
  return audit;
}

function recordOf(
  { class: name, quantity, exact, audit, bound }: Compared,
  { tile, box }: ReadTile,
): ComparedRecord {
  return {
    tile,
    origin: [...box.origin],
    shape: [...box.shape],
    class: name,
    quantity,
    exact: plainNumber(exact),
    audit: plainNumber(audit),
    bound: plainNumber(bound),
  };
}
