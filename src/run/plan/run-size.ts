/** How large a run is, before it is planned: which threads it starts with. */
import { InputError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { readHeader } from '../../volumes/formats.ts';
import { dataBytes } from '../../volumes/length.ts';

/** So many cases are looked at; the others are taken to be like them. */
const lookedAt = 4;
/** Of all voxels as they are stored, inflated: some 80 ms of work, where a thread takes 100 ms to start. */
const tinyBytes = 2 ** 22;
/** Work that is worth a thread from the start, where others start when steps wait for them. */
const threadBytes = 2 ** 24;

export interface RunSize {
  /** Whether the start of a thread would be most of its cost. */
  readonly isTiny: boolean;
  /** Threads that are sure to have work. */
  readonly threads: number;
}

/** By the headers alone. Of a file without one its case tells later what it lacks. */
export async function sizeOfRun(cases: readonly ManifestCase[]): Promise<RunSize> {
  const some = cases.slice(0, lookedAt);
  let bytes = 0;
  for (const file of some.flatMap(({ predictions, reference }) => [...predictions, reference])) {
    try {
      bytes += dataBytes(await readHeader(file));
    } catch (error) {
      if (!(error instanceof InputError)) return { isTiny: false, threads: 1 };
    }
  }
  const all = (bytes / some.length) * cases.length;
  return {
    isTiny: cases.length <= lookedAt && bytes <= tinyBytes,
    threads: Math.max(1, Math.floor(all / threadBytes)),
  };
}
