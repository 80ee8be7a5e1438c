/** The cases of a soak, each in two versions, and what the program gives for them when nothing goes wrong. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { Program } from './process.ts';

const shape = [24, 24, 24] as const;
const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
export const resultNames = ['results.json', 'cases.csv', 'summary.json'] as const;

export class Hospital {
  readonly folder: string;
  readonly cases: number;
  /** Result files by the versions of the cases, such as `00100`. */
  readonly #expected = new Map<string, string>();

  private constructor(folder: string, cases: number) {
    this.folder = folder;
    this.cases = cases;
  }

  static async make(folder: string, cases: number): Promise<Hospital> {
    const hospital = new Hospital(folder, cases);
    mkdirSync(join(folder, 'versions'), { recursive: true });
    for (let index = 0; index < cases; index++) {
      for (const version of [0, 1]) await hospital.#write(index, version);
    }
    return hospital;
  }

  /** The case is read as a stream. */
  isGzip(index: number): boolean {
    return index % 3 === 2;
  }

  file(index: number, kind: 'p' | 'r'): string {
    return `case-${index}-${kind}.nii${this.isGzip(index) ? '.gz' : ''}`;
  }

  async #write(index: number, version: number): Promise<void> {
    const voxels = shape[0] * shape[1] * shape[2];
    const scores = Float32Array.from(
      { length: voxels },
      (_, i) => ((i * 7919 + index * 104729 + version * 977) % 4096) / 4096,
    );
    const labels = Uint8Array.from(scores, (score, i) => ((i * 31 + index) % 97 < 97 * score ? 1 : 0));
    const grid = { shape, spacingMm: [1, 1, 1] as const, affine, gzip: this.isGzip(index) };
    const at = (kind: 'p' | 'r') => join(this.folder, 'versions', `${version}-${this.file(index, kind)}`);
    await writeNifti(at('p'), { ...grid, datatype: 'float32', data: scores });
    await writeNifti(at('r'), { ...grid, datatype: 'uint8', data: labels });
  }

  /** Puts version 0 of all cases and their manifest into `data` of a folder. */
  admit(folder: string): void {
    const data = join(folder, 'data');
    mkdirSync(data, { recursive: true });
    const rows = ['case,prediction,reference'];
    for (let index = 0; index < this.cases; index++) {
      const [prediction, reference] = [this.file(index, 'p'), this.file(index, 'r')];
      for (const name of [prediction, reference]) {
        copyFileSync(join(this.folder, 'versions', `0-${name}`), join(data, name));
      }
      rows.push(`case-${index},data/${prediction},data/${reference}`);
    }
    writeFileSync(join(folder, 'cases.csv'), `${rows.join('\n')}\n`);
  }

  /** Renames version 1 of a prediction over what is there. */
  replace(folder: string, index: number): void {
    const name = this.file(index, 'p');
    const fresh = join(folder, `fresh-${name}`);
    copyFileSync(join(this.folder, 'versions', `1-${name}`), fresh);
    renameSync(fresh, join(folder, 'data', name));
  }

  /** The result files that the cases in these versions have. */
  async expected(versions: readonly number[], settings: readonly string[]): Promise<string> {
    const key = [...versions, ...settings].join(' ');
    const known = this.#expected.get(key);
    if (known !== undefined) return known;
    const folder = join(this.folder, `expected-${this.#expected.size}`);
    this.admit(folder);
    for (const [index, version] of versions.entries()) if (version === 1) this.replace(folder, index);
    const run = new Program(folder, [
      'score',
      '--manifest',
      'cases.csv',
      '--out',
      'out',
      '--quiet',
      ...settings,
    ]);
    const { status } = await run.ended;
    if (status !== 0) throw new Error(`the reference run failed: ${run.text}`);
    const results = resultsIn(join(folder, 'out'));
    this.#expected.set(key, results);
    return results;
  }
}

/** The result files of a run, as one text. */
export function resultsIn(outDir: string): string {
  return resultNames.map((name) => readFileSync(join(outDir, name), 'utf8')).join('\n');
}
