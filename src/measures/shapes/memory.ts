/**
 * What measuring shapes takes of the memory of a thread. Masks are small as a rule (a run of voxels takes some three bytes), and
 * noise is the exception: what would not fit fails its case, and says what it would have taken.
 */
import { InputError } from '../../base/errors.ts';

/** Of the runs of the tiles: as they were read, united, and a copy in kernel memory. */
export const copiesOfRuns = 3;

/** @throws InputError where `bytes` are more than a thread may have */
export function checkShapeMemory(
  bytes: number,
  memoryBytes: number,
  what: string,
  measures = 'overlap',
): void {
  if (bytes <= memoryBytes) return;
  throw new InputError(
    'memory-budget',
    `borders and lesions: ${what}, ${Math.ceil(bytes)} bytes or more, and a thread may have ${Math.floor(memoryBytes)} for it; give more --memory or fewer --threads, or score less: --measures ${measures}`,
    { field: 'memory' },
  );
}
