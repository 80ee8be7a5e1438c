/**
 * What stored work is of, as a short hash. Each partial, shard, plan and outcome carries one and is refused where another is
 * expected: work of other settings, of a file that was replaced, or of another cut can never be added to this.
 */
import { createHash } from 'node:crypto';
import type { Vec3 } from '../base/box.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import { settingsOf } from '../settings/setting-kinds.ts';
import type { InputStamp } from '../volumes/input-stamps.ts';

/** Of what is computed of a case: all settings that change a value, the case and its files as they were read. */
export function caseIdentity(settings: RunSettings, caseId: string, inputs: readonly InputStamp[]): string {
  const values = settingsOf('value').map((name) => [name, settings[name] ?? null]);
  return hash([values, caseId, inputs.map(({ file, bytes, modifiedMs }) => [file, bytes, modifiedMs])]);
}

/** Of a case's tiles: what is computed, and how the volume is cut. */
export function planIdentity(
  of: string,
  settings: RunSettings,
  cut: { readonly shape: Vec3; readonly tileShape: Vec3; readonly bundleTiles: number },
): string {
  return hash([of, needsShards(settings), cut.shape, cut.tileShape, cut.bundleTiles]);
}

/** Of a set of cases, the same for any order. */
export function setIdentity(cases: Iterable<{ readonly index: number; readonly of: string }>): string {
  const sorted = [...cases].sort((a, b) => a.index - b.index);
  return hash(sorted.map(({ index, of }) => [index, of]));
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);
}
