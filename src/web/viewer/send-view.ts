/**
 * A view as it goes to the page: lines of JSON that tell how much has been read, then one that says what follows it: the
 * facts, and the arrays behind the line, each after the other. The last line may be a fault instead.
 */
import { VoxtallyError } from '../../base/errors.ts';
import type { CaseView } from './case-view.ts';

/** Bytes of a piece of an array. */
const pieceBytes = 2 ** 20;

/** Types of the arrays, by the names that the page's script knows. */
function typeOf(array: Uint8Array | Uint16Array | Int16Array | Float32Array): string {
  return array.constructor.name.replace('Array', '').toLowerCase();
}

/** What has been read so far, as it becomes known; only the last of several is kept. */
export class Shares {
  #share: number | undefined;
  #wake = () => {};

  readonly tell = (share: number): void => {
    this.#share = share;
    this.#wake();
  };

  /** The next share; undefined once `done` has settled. */
  async next(done: Promise<unknown>): Promise<number | undefined> {
    if (this.#share === undefined) {
      const told = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([told, done.catch(() => undefined)]);
    }
    const share = this.#share;
    this.#share = undefined;
    return share;
  }
}

export async function* viewPieces(done: Promise<CaseView>, shares: Shares): AsyncGenerator<Uint8Array> {
  const line = (content: object) => Buffer.from(`${JSON.stringify(content)}\n`);
  for (;;) {
    const share = await shares.next(done);
    if (share === undefined) break;
    yield line({ share });
  }
  let view: CaseView;
  try {
    view = await done;
  } catch (error) {
    yield line({ fault: error instanceof VoxtallyError ? error.code : 'internal' });
    return;
  }
  const { voxels, scan, ...facts } = view;
  const arrays = [voxels, ...(scan ? [scan.voxels] : [])];
  yield line({
    view: { ...facts, ...(scan && { percentiles: scan.percentiles }) },
    arrays: arrays.map((array) => ({ type: typeOf(array), length: array.length })),
  });
  for (const { buffer, byteOffset, byteLength } of arrays) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    // Copies: threads share the memory, which a response may not.
    for (let at = 0; at < byteLength; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
  }
}
