/** Whether a run is so small that the start of its threads would be most of its cost. */
import { InputError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { readHeader } from '../../volumes/formats.ts';
import { dataBytes } from '../../volumes/length.ts';

const mostCases = 4;
/** Of all voxels as they are stored, inflated: some 80 ms of work, where a thread takes 100 ms to start. */
const mostBytes = 2 ** 22;

/** By the headers alone. Of a file without one its case tells later what it lacks. */
export async function isTiny(cases: readonly ManifestCase[]): Promise<boolean> {
  if (cases.length > mostCases) return false;
  let bytes = 0;
  for (const file of cases.flatMap(({ predictions, reference }) => [...predictions, reference])) {
    try {
      bytes += dataBytes(await readHeader(file));
    } catch (error) {
      if (!(error instanceof InputError)) return false;
    }
    if (bytes > mostBytes) return false;
  }
  return true;
}
