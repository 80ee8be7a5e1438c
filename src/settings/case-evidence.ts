/**
 * The files of a case as far as they are looked at before a run. Nothing is read before it is asked for. Of a file that is
 * cut off or damaged nothing is told: each answer throws an InputError instead.
 */
import { InputError } from '../base/errors.ts';
import type { Label } from '../base/label.ts';
import type { ManifestCase } from '../cases/types.ts';
import { checkWhole, readWhole } from '../volumes/check-whole.ts';
import { readHeader } from '../volumes/formats.ts';
import type { VolumeHeader } from '../volumes/types.ts';
import { labelsOf } from './labels-of.ts';
import { sampleVoxels } from './sample-voxels.ts';
import { type ScoreEvidence, type SumEvidence, scoreEvidence, sumEvidence } from './score-evidence.ts';

interface Seen {
  readonly values: ScoreEvidence | undefined;
  readonly sums: SumEvidence | undefined;
  /** Whether these are all voxels. */
  readonly whole: boolean;
}

export class CaseEvidence {
  readonly entry: ManifestCase;
  /** One file, or one per channel; slope and intercept with the run's scale. */
  readonly predictions: readonly VolumeHeader[];
  readonly #ignoreLabel: number | null;
  #seen: Promise<Seen> | undefined;

  private constructor(entry: ManifestCase, predictions: readonly VolumeHeader[], ignoreLabel: number | null) {
    this.entry = entry;
    this.predictions = predictions;
    this.#ignoreLabel = ignoreLabel;
  }

  /** Reads the headers of the predictions; undefined where the case has none. @throws InputError */
  static async open(
    entry: ManifestCase,
    { scale, ignoreLabel }: { readonly scale: number; readonly ignoreLabel: number | null },
  ): Promise<CaseEvidence | undefined> {
    const headers = await Promise.all(entry.predictions.map((file) => readHeader(file)));
    if (headers.length === 0) return undefined;
    if (new Set(headers.map(({ shape }) => String(shape))).size > 1) {
      throw new InputError('geometry-mismatch', `case ${entry.id}: the channel files have different shapes`, {
        caseId: entry.id,
      });
    }
    return new CaseEvidence(
      entry,
      headers.map((header) => scaled(header, scale)),
      ignoreLabel,
    );
  }

  get file(): string {
    return this.entry.predictions[0]!;
  }

  get channelCount(): number {
    return this.predictions.reduce((sum, { channels }) => sum + channels, 0);
  }

  /** The header of each channel: a file with several channels is listed once for each. */
  get channels(): readonly VolumeHeader[] {
    return this.predictions.flatMap((header) => Array.from({ length: header.channels }, () => header));
  }

  /** Whether every prediction is stored as integers that no slope turns into something else. */
  get wholeType(): boolean {
    return this.predictions.every(
      ({ datatype, slope, intercept }) => !datatype.startsWith('float') && slope === 1 && intercept === 0,
    );
  }

  /** How the first file is stored, in words. */
  get stored(): string {
    const { datatype, slope, intercept } = this.predictions[0]!;
    return `stored as ${datatype}${slope === 1 && intercept === 0 ? '' : ' with a slope'}`;
  }

  /** Whether the predictions are whole, by their lengths. @throws InputError */
  async checkWhole(): Promise<void> {
    for (const header of this.predictions) await checkWhole(header);
  }

  /** Reads the predictions to their last checksums. @throws InputError */
  async readWhole(): Promise<void> {
    for (const header of this.predictions) await readWhole(header);
  }

  /** Whole numbers of the prediction, those nearest to its values, ascending. */
  predictedLabels(): Promise<Label[]> {
    return labelsOf(this.predictions[0]!);
  }

  /** Labels of the reference but the ignored one, ascending. */
  async referenceLabels(): Promise<Label[]> {
    const labels = await labelsOf(await readHeader(this.entry.reference));
    return labels.filter((label) => label !== this.#ignoreLabel);
  }

  /** Looks at voxels of all channels, once. */
  look(): Promise<Seen> {
    this.#seen ??= this.#look();
    return this.#seen;
  }

  async #look(): Promise<Seen> {
    const ignoreLabel = this.#ignoreLabel;
    const ignores = ignoreLabel !== null && this.entry.reference !== this.file;
    const reference = ignores ? [await readHeader(this.entry.reference)] : [];
    const sameShape = reference.every(({ shape }) => String(shape) === String(this.predictions[0]!.shape));
    const sample = await sampleVoxels([...this.predictions, ...(sameShape ? reference : [])]);
    const channels = sample.channels.slice(0, this.channelCount);
    const labels = sample.channels[this.channelCount];
    const isIgnored = (at: number) => labels !== undefined && labels[at] === ignoreLabel;
    const own = { ...sample, channels };
    return { values: scoreEvidence(own, isIgnored), sums: sumEvidence(own, isIgnored), whole: sample.whole };
  }
}

/** The header of a prediction whose values are multiplied by a factor. */
export function scaled(header: VolumeHeader, scale: number): VolumeHeader {
  if (scale === 1) return header;
  return { ...header, slope: header.slope * scale, intercept: header.intercept * scale };
}
