/**
 * The compiled kernels (src/kernels/assembly) of one thread. Arguments named in the assembly sources as addresses
 * are byte offsets in `memory`; the caller lays the memory out with `Layout`.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { packageFile } from '../base/package-files.ts';

/** Exports of the module; see the assembly sources for what each address must hold. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  dataEnd(): number;
  naturalLog(value: number): number;
  logOfRest(value: number): number;
  sumTerms(
    scores: number,
    mask: number,
    count: number,
    logit: number,
    threshold: number,
    terms: number,
    termCount: number,
    out: number,
  ): void;
  swapBytes(data: number, count: number, elementBytes: number): void;
  convertScores(
    datatype: number,
    source: number,
    count: number,
    slope: number,
    intercept: number,
    target: number,
  ): void;
  gateScores(
    scores: number,
    codes: number,
    count: number,
    logit: number,
    tolerance: number,
    clamp: number,
    ignoreCode: number,
    out: number,
  ): void;
  convertLabels(
    datatype: number,
    source: number,
    count: number,
    slope: number,
    intercept: number,
    rounding: number,
    hasIgnore: number,
    ignore: number,
    target: number,
    out: number,
  ): void;
  maskFromCodes(codes: number, count: number, lut: number, mask: number): number;
  maskFromBytes(source: number, count: number, labels: number, labelCount: number, mask: number): void;
  findMasked(mask: number, codes: number, count: number, bit: number, out: number): void;
  countMasked(mask: number, count: number, bit: number): number;
  compact(mask: number, count: number, bit: number, data: number, elementBytes: number): number;
  decideChannels(
    channels: number,
    channelCount: number,
    count: number,
    labels: number,
    target: number,
    tolerance: number,
    out: number,
  ): void;
  countLabel(predicted: number, label: number, mask: number, count: number, out: number): void;
  crossEntropyOfProbabilities(
    channels: number,
    codes: number,
    channelOf: number,
    count: number,
    clip: number,
    out: number,
  ): void;
  softmax(
    channels: number,
    channelCount: number,
    codes: number,
    channelOf: number,
    count: number,
    out: number,
  ): void;
  sumChannels(channels: number, channelCount: number, count: number, target: number): void;
  markCodes(codes: number, count: number, seen: number): void;
  countPairs(
    reference: number,
    prediction: number,
    count: number,
    row: number,
    column: number,
    columns: number,
    counts: number,
  ): void;
  countBuckets(scores: number, mask: number, count: number, logit: number, counts: number): void;
  prefixSums(counts: number, offsets: number): void;
  placeKeys(
    scores: number,
    mask: number,
    count: number,
    logit: number,
    offsets: number,
    target: number,
  ): void;
  encodeSide(
    counts: number,
    keys: number,
    payload: number,
    stored: number,
    cells: number,
    bitmap: number,
    scratch: number,
  ): number;
  readPieces(
    tokens: number,
    end: number,
    buckets: number,
    firstBucket: number,
    encodings: number,
    start: number,
    bytes: number,
    first: number,
    last: number,
    side: number,
    records: number,
    keys: number,
    counts: number,
  ): number;
  startRows(counts: number, slots: number, next: number): void;
  listPieces(records: number, count: number, address: number, next: number, rows: number): void;
  addPieceKeys(pieces: number, count: number, cells: number, turned: number): number;
  gatherKeys(cells: number, list: number): number;
  writeListRuns(list: number, rows: number, cells: number, side: number, out: number): number;
  endBucket(cells: number): void;
  clearKeys(): void;
  evaluateKeys(
    list: number,
    rows: number,
    cells: number,
    bucket: number,
    logit: number,
    total: number,
    foreground: number,
    background: number,
    out: number,
  ): void;
  mergeBuckets(
    first: number,
    end: number,
    keys: number,
    starts: number,
    rows: number,
    cells: number,
    list: number,
    state: number,
  ): number;
  tileDirectory(stored: number, counts: number, out: number): number;
  mergedDirectory(stored: number, keys: number, first: number, buckets: number, out: number): number;
  mergeTile(counts: number, cells: number, list: number, state: number): void;
  sumRunTerms(
    list: number,
    rows: number,
    cells: number,
    bucket: number,
    logit: number,
    threshold: number,
    terms: number,
    termCount: number,
    out: number,
  ): void;
  sumRunCrossEntropy(
    list: number,
    rows: number,
    cells: number,
    bucket: number,
    clip: number,
    out: number,
  ): void;
  startWalk(walk: number): number;
  walkSteps(walk: number): number;
  probabilityOfKey(key: number, logit: number): number;
  labelsAbove(scores: number, count: number, threshold: number, target: number): void;
  labelsEqual(labels: number, count: number, label: number, target: number): void;
  labelsOfMask(mask: number, count: number, bit: number, target: number): void;
  encodeLabelRuns(
    codes: number,
    count: number,
    base: number,
    tables: number,
    out: number,
    rows: number,
  ): number;
  mergePlanes(
    tiles: number,
    count: number,
    z: number,
    end: number,
    words: number,
    rowLength: number,
    plane: number,
    out: number,
    limit: number,
    most: number,
    records: number,
  ): number;
  sweepElements(
    mask: number,
    ignored: number,
    bits: number,
    voxel: number,
    surfel: number,
    state: number,
    measured: number,
  ): number;
  labelPlane(sweep: number, bytes: number, end: number, z: number): number;
  finishComponents(sweep: number, numbers: number, groups18: number, groups26: number, named: number): number;
  sharePlanes(first: number, second: number, list: number, length: number): number;
  sortShared(
    list: number,
    length: number,
    numbersA: number,
    numbersB: number,
    countA: number,
    countB: number,
    scratch: number,
    counts: number,
  ): number;
  startBlocks(at: number): void;
  coarsen(
    source: number,
    cellShift: number,
    sizeX: number,
    sizeY: number,
    sizeZ: number,
    halveX: number,
    halveY: number,
    halveZ: number,
    target: number,
  ): void;
  takeCounts(search: number): number;
}

export type Kernels = KernelExports;

const pageBytes = 65536;
const mostPages = 65536;
/** Memory that grows region by region does so by 2 MiB at least: what is not used is backed by no pages. */
const stepPages = 32;
/** A bitmap over the 65536 cells of a bucket: a bit for each cell, and one for each 64 cells (assembly/cells.ts). */
export const bitmapBytes = 8192 + 128;
/** Below lie the module's own data and the scratch of its loops: loading checks it. */
const firstFreeByte = 131072;

/**
 * How the engine compiles a kernel when it is first called: `optimised`, which takes all kernels of a run some 70 ms (their loops
 * run too long to wait for a tier-up), or `plain`, which takes 2 ms, to code that is half as fast.
 */
export type KernelCode = 'optimised' | 'plain';

/** An empty custom section: the same bytes the engine compiles once, and plain kernels of before would stay plain. */
const plainMark = Uint8Array.of(0, 2, 1, 'p'.charCodeAt(0));

/** Compiles the module for this thread. The compiler is of the whole process: who uses `plain` has no other threads. */
export function loadKernels(code: KernelCode = 'optimised'): Kernels {
  setFlagsFromString(code === 'plain' ? '--liftoff' : '--no-liftoff');
  const bytes = readFileSync(packageFile('dist/src/kernels/kernels.wasm'));
  const module = new WebAssembly.Module(code === 'plain' ? Buffer.concat([bytes, plainMark]) : bytes);
  const instance = new WebAssembly.Instance(module, {
    env: {
      abort() {
        throw new Error('a kernel aborted');
      },
    },
  });
  const kernels = instance.exports as unknown as KernelExports & { start(): void };
  kernels.start();
  if (kernels.dataEnd() > firstFreeByte)
    throw new Error(`the data of the kernels ends at ${kernels.dataEnd()}, behind ${firstFreeByte}`);
  return kernels;
}

/**
 * Hands out disjoint, 64-byte aligned regions of a kernel's memory, which grows as needed and never shrinks. Without
 * a memory it only counts, so that a plan's arithmetic and the allocation cannot differ.
 */
export class Layout {
  readonly #memory: WebAssembly.Memory | undefined;
  #next = firstFreeByte;

  constructor(memory?: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Bytes of memory used so far. */
  get bytes(): number {
    return this.#next;
  }

  /** Start over: regions handed out before are void. */
  reset(): void {
    this.#next = firstFreeByte;
  }

  /**
   * Grows the memory at once to `bytes` bytes of regions: to the engine each growth is another array of all of the memory, and
   * after some of them it collects garbage that is not there.
   */
  reserve(bytes: number): void {
    this.#grow(bytes, 0);
  }

  /** To `bytes` bytes, by `leastPages` pages or more. */
  #grow(bytes: number, leastPages: number): void {
    if (!this.#memory) return;
    const { byteLength } = this.#memory.buffer;
    if (bytes <= byteLength) return;
    const pages = Math.ceil((bytes - byteLength) / pageBytes);
    this.#memory.grow(Math.max(pages, Math.min(leastPages, mostPages - byteLength / pageBytes)));
  }

  /** Address of `bytes` bytes, followed by 64 bytes that kernels may read or write beyond the end. */
  region(bytes: number): number {
    const address = this.#next;
    this.#next = Math.ceil((address + bytes + 64) / 64) * 64;
    this.#grow(this.#next, stepPages);
    return address;
  }
}
