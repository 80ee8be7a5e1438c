import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { didYouMean } from '../base/did-you-mean.ts';
import { UsageError } from '../base/errors.ts';

/** A loss for `model.compile`, `model.fit` and by hand. `yTrue` and `yPred` are described in {@link LossOptions}. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Scalar;

/** Which listing's smoothing and clipping: `pytorch` (smooth 1, -log p clamped at 100) or `keras` (1e-6, p clipped to [1e-7, 1 - 1e-7]). */
export type Convention = 'pytorch' | 'keras';

/** Classes that a loss is the mean of: `all` channels, those `present` in the reference, or a list of channel indices. */
export type ClassChoice = 'all' | 'present' | readonly number[];

/**
 * What all losses take. `yPred` is `[batch, ...space, channels]`, space 2D or 3D in any axis order. `yTrue` holds 0 and 1
 * in the shape of `yPred` (one-hot for exclusive channels), or, for exclusive channels, labels as `[batch, ...space, 1]` or
 * `[batch, ...space]`, label k belonging to channel k. `model.fit` accepts only targets of the shape of `yPred`.
 */
export interface LossOptions {
  /** @defaultValue `pytorch` */
  readonly convention?: Convention;
  /** What `yPred` holds. Logits go through sigmoid, or through softmax for exclusive channels. @defaultValue `probability` */
  readonly from?: 'probability' | 'logit';
  /** `independent`: each channel is a binary problem; `exclusive`: the channels compete. @defaultValue `independent` */
  readonly channels?: 'independent' | 'exclusive';
  /** true: a value an image, then the mean; false: the voxels of the batch as one volume. @defaultValue `false` */
  readonly perImage?: boolean;
  /** Elements of `yTrue` with this value are left out. In a one-hot target it is in every channel. @defaultValue none */
  readonly ignoreLabel?: number;
  /** @defaultValue `all`; `present` for Lovász-softmax */
  readonly classes?: ClassChoice;
}

/** Options of the losses with a smoothing term. */
export interface SmoothOptions extends LossOptions {
  /** Added to numerator and denominator, at least 0. @defaultValue 1 (`pytorch`) or 1e-6 (`keras`) */
  readonly smooth?: number;
}

/** {@link LossOptions} with every default filled in and every value checked. */
export interface ResolvedOptions {
  readonly convention: Convention;
  readonly from: 'probability' | 'logit';
  readonly channels: 'independent' | 'exclusive';
  readonly perImage: boolean;
  readonly ignoreLabel: number | undefined;
  readonly classes: ClassChoice;
}

const common = ['convention', 'from', 'channels', 'perImage', 'ignoreLabel', 'classes'];
const without = (...left: readonly string[]) => common.filter((name) => !left.includes(name));

/** The options that each loss takes. */
const optionNames = {
  diceLoss: [...common, 'smooth'],
  jaccardLoss: [...common, 'smooth'],
  tverskyLoss: [...common, 'smooth', 'alpha', 'beta'],
  focalTverskyLoss: [...common, 'smooth', 'alpha', 'beta', 'gamma'],
  bceLoss: common,
  bceDiceLoss: [...common, 'smooth'],
  focalLoss: [...common, 'form', 'alpha', 'gamma'],
  comboLoss: [...common, 'smooth', 'form', 'alpha', 'ratio'],
  crossEntropyLoss: without('channels', 'classes'),
  lovaszHinge: without('convention', 'from', 'channels'),
  lovaszSoftmax: without('convention'),
} satisfies Record<string, readonly string[]>;

/**
 * Refuses what is not an object of this loss's options. The exported functions make losses: `diceLoss(yTrue, yPred)`, or
 * `loss: diceLoss` given to `model.compile`, would read tensors as options. @throws UsageError
 */
export function checkOptions(loss: keyof typeof optionNames, options: object): void {
  if (typeof options !== 'object' || options === null || 'dataId' in options || Array.isArray(options)) {
    throw new UsageError(
      'loss-option',
      `${loss} takes options and returns the loss: write ${loss}()(yTrue, yPred), or loss: ${loss}() in model.compile`,
      { field: 'options' },
    );
  }
  const allowed: readonly string[] = optionNames[loss];
  for (const name of Object.keys(options)) {
    if (allowed.includes(name)) continue;
    const meant = didYouMean(name, allowed);
    throw new UsageError(
      'loss-option',
      `${loss} has no option "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`} (it has ${allowed.join(', ')})`,
      { field: name },
    );
  }
}

/** Checks the options of `loss`. @throws UsageError naming the option and the allowed values. */
export function resolveOptions(loss: string, options: LossOptions): ResolvedOptions {
  const { convention = 'pytorch', from = 'probability', channels = 'independent', classes = 'all' } = options;
  oneOf(loss, 'convention', convention, ['pytorch', 'keras']);
  oneOf(loss, 'from', from, ['probability', 'logit']);
  oneOf(loss, 'channels', channels, ['independent', 'exclusive']);
  if (typeof classes === 'string') oneOf(loss, 'classes', classes, ['all', 'present']);
  else if (classes.length === 0 || classes.some((id) => !Number.isInteger(id) || id < 0)) {
    fail(loss, 'classes', `[${classes.join(', ')}]`, 'all, present or a list of channel indices from 0');
  }
  const { perImage = false, ignoreLabel } = options;
  return { convention, from, channels, perImage, ignoreLabel, classes };
}

/** The smoothing term. @throws UsageError when it is negative or not finite. */
export function resolveSmooth(loss: string, options: SmoothOptions): number {
  return resolveNumber(
    loss,
    'smooth',
    options.smooth,
    options.convention === 'keras' ? 1e-6 : 1,
    0,
    Infinity,
  );
}

/** A number option, or its default. @throws UsageError when it is not finite or not in [low, high]. */
export function resolveNumber(
  loss: string,
  option: string,
  value: number | undefined,
  byDefault: number,
  low: number,
  high: number,
): number {
  const used = value ?? byDefault;
  if (!Number.isFinite(used) || used < low || used > high) {
    fail(
      loss,
      option,
      String(used),
      high === Infinity ? `a number of at least ${low}` : `a number from ${low} to ${high}`,
    );
  }
  return used;
}

/** @throws UsageError when `value` is not among `allowed`. */
export function oneOf(loss: string, option: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) fail(loss, option, value, allowed.join(' or '));
}

function fail(loss: string, option: string, value: string, allowed: string): never {
  throw new UsageError('loss-option', `${loss}: ${option} is ${value}, but must be ${allowed}`, {
    field: option,
  });
}
