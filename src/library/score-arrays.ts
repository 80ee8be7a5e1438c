/** One case from arrays in memory: the values that its files would get, bit for bit. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Vec3, voxelCount } from '../base/box.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { InputError, UsageError } from '../base/errors.ts';
import type { ScoredCaseResult } from '../results/document.ts';
import type { ConfigInput } from '../settings/schema.ts';
import { type VoxelArray, writeNifti } from '../volumes/nifti/write.ts';
import type { Datatype } from '../volumes/types.ts';
import { scoreRun } from './score-run.ts';

/** The voxels of a case: x fastest, then y, then z. */
export interface CaseArrays {
  /** Probabilities, logits or labels; channels behind each other. Its length is that of `reference` times `channels`. */
  readonly prediction: VoxelArray;
  /** Labels, `shape[0] * shape[1] * shape[2]` of them. */
  readonly reference: VoxelArray;
  /** Voxels along `[x, y, z]`. */
  readonly shape: Vec3;
  /** Channels of the prediction. @defaultValue 1 */
  readonly channels?: number;
  /** Voxel size along `[x, y, z]` in mm. @defaultValue [1, 1, 1] */
  readonly spacingMm?: Vec3;
}

/** NIfTI-1 counts voxels along an axis in 16 bits. */
const longestNifti1 = 32_767;

const datatypes = new Map<unknown, Datatype>([
  [Uint8Array, 'uint8'],
  [Int8Array, 'int8'],
  [Uint16Array, 'uint16'],
  [Int16Array, 'int16'],
  [Uint32Array, 'uint32'],
  [Int32Array, 'int32'],
  [BigUint64Array, 'uint64'],
  [BigInt64Array, 'int64'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]);

/**
 * Scores one case from arrays. The arrays are written as raw volumes to a temporary folder, scored there in tiles like any
 * other case, and removed: threads read the same files, so large arrays are scored by all of them and not copied to each, and
 * the bits are those of files because the code is. Writing takes about 2 % of the time. A small case is scored in the calling
 * thread.
 *
 * ```ts
 * const { classes } = await scoreArrays(
 *   { prediction, reference, shape: [64, 64, 32], spacingMm: [1, 1, 2] },
 *   { scores: 'probability', classes: { tumour: [1] } },
 * );
 * classes.tumour.metrics.dice;
 * ```
 *
 * @throws UsageError for arrays whose lengths do not fit the shape, or settings that are wrong; InputError for values that cannot be
 * scored, such as NaN or a probability outside [0, 1].
 */
export async function scoreArrays(
  arrays: CaseArrays,
  settings: Omit<ConfigInput, 'out' | 'engine' | 'redis'> = {},
): Promise<ScoredCaseResult> {
  const { prediction, reference, shape, channels = 1, spacingMm = [1, 1, 1] } = arrays;
  checkLength('prediction', prediction, shape, channels);
  checkLength('reference', reference, shape, 1);
  const folder = await mkdtemp(join(tmpdir(), 'voxtally-arrays-'));
  try {
    const format = shape.some((length) => length > longestNifti1) ? 'nifti2' : 'nifti1';
    const layout = { shape, spacingMm, format } as const;
    const write = (name: string, data: VoxelArray, channelCount: number) =>
      writeNifti(join(folder, name, 'case.nii'), {
        ...layout,
        channels: channelCount,
        datatype: datatypes.get(data.constructor)!,
        data,
      });
    for (const name of ['prediction', 'reference']) await mkdir(join(folder, name));
    await write('prediction', prediction, channels);
    await write('reference', reference, 1);
    const { results } = await scoreRun({
      predictions: join(folder, 'prediction'),
      references: join(folder, 'reference'),
      out: join(folder, 'out'),
      settings: { keepShards: 'never', ...settings },
    }).done;
    const [result] = results.cases;
    if (result!.status === 'ok') return result!;
    const { code, message, field, voxel } = result!.error;
    throw new InputError(code as ErrorCode, message, {
      ...(field === undefined ? {} : { field }),
      ...(voxel === undefined ? {} : { voxel }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checkLength(field: string, data: VoxelArray, shape: Vec3, channels: number): void {
  const expected = voxelCount(shape) * channels;
  if (!datatypes.has(data.constructor)) {
    throw new UsageError('array-type', `${field} must be a typed array of integers or floats`, { field });
  }
  if (data.length === expected) return;
  throw new UsageError(
    'array-length',
    `${field} has ${data.length} values, but shape [${shape.join(', ')}]${channels === 1 ? '' : ` with ${channels} channels`} needs ${expected}`,
    { field },
  );
}
