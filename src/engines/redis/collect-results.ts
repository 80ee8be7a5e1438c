/** The result files of a run on the queue: whether they are whole, and how they come to the submitter's folder. */
import { crc32 } from 'node:zlib';
import { MachineError } from '../../base/errors.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { linkWork, type OutFolder } from '../../run/out-folder.ts';
import { readResults } from '../../run/read-results.ts';
import { resultFiles } from '../../run/result-files.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { Store } from '../../run/store.ts';
import { type Finished, readFinished, resultsOf } from './run-record.ts';

const blockBytes = 1 << 20;

/** Makes the folder of the results openable as that of a run. */
export function linkResults(folder: RunFolder): void {
  linkWork(resultsOf(folder), folder);
}

/** The result files that there are, with their checksums. */
export function describeResults(folder: RunFolder): Finished['results'] {
  const store = resultsOf(folder);
  return resultFiles.flatMap((name) => {
    const facts = factsOf(store, name);
    return facts ? [{ name, ...facts }] : [];
  });
}

/** Whether a run is over and its result files are as they were written. */
export function hasResults(folder: RunFolder): boolean {
  const finished = readFinished(folder);
  if (finished?.state !== 'done' || finished.results.length === 0) return false;
  const store = resultsOf(folder);
  return finished.results.every(({ name, bytes, crc32: sum }) => {
    const facts = factsOf(store, name);
    return facts?.bytes === bytes && facts.crc32 === sum;
  });
}

/**
 * Copies the result files and links the run's state, so that it can be asked. While one is not yet of the other, there are no
 * results: those of before go first, `results.json` comes last.
 */
export function collect(folder: RunFolder, out: OutFolder): ResultsDocument {
  if (!hasResults(folder)) {
    throw new MachineError(
      'results-damaged',
      `${resultsOf(folder).pathOf('')}: the result files of this run are not as they were written; the same command with --resume writes them again`,
      { file: resultsOf(folder).pathOf('') },
    );
  }
  out.checkLinkable();
  for (const name of resultFiles) out.store.remove(name);
  out.linkWork(folder);
  const names = readFinished(folder)!.results.map(({ name }) => name);
  for (const name of [...names.filter((name) => name !== 'results.json'), 'results.json']) {
    copy(resultsOf(folder), out.store, name);
  }
  return readResults(out.path);
}

/** A copy and not a link: what is done to one must not change the other. */
function copy(from: Store, to: Store, name: string): void {
  to.put(name, blocks(from, name));
}

function factsOf(store: Store, name: string): { bytes: number; crc32: number } | undefined {
  if (!store.has(name)) return undefined;
  let [bytes, sum] = [0, 0];
  for (const block of blocks(store, name)) {
    bytes += block.length;
    sum = crc32(block, sum);
  }
  return { bytes, crc32: sum };
}

function* blocks(store: Store, name: string): Generator<Uint8Array> {
  const source = store.open(name);
  if (source === undefined) return;
  try {
    const block = new Uint8Array(blockBytes);
    for (let at = 0; ; ) {
      const count = source.read(at, block);
      if (count === 0) return;
      yield block.subarray(0, count);
      at += count;
    }
  } finally {
    source.close();
  }
}
