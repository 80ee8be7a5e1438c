/**
 * The losses to train with, on `@tensorflow/tfjs`, in the browser and in Node: the formulas by which Voxtally scores, with gradients.
 *
 * ```ts
 * import { tverskyLoss } from 'voxtally/tfjs';
 * model.compile({ optimizer: 'adam', loss: tverskyLoss({ alpha: 0.3, beta: 0.7 }) });
 * ```
 *
 * This entry loads no file and no queue code. It imports `@tensorflow/tfjs`, which `@tensorflow/tfjs-node` and the WASM backend
 * share with it: tensors and backends live in one engine a process.
 */
export { type CrossEntropyOptions, crossEntropyLoss } from './categorical.ts';
export {
  bceDiceLoss,
  bceLoss,
  type ComboOptions,
  comboLoss,
  type FocalOptions,
  focalLoss,
} from './cross-entropy.ts';
export { type LovaszHingeOptions, type LovaszSoftmaxOptions, lovaszHinge, lovaszSoftmax } from './lovasz.ts';
export type { ClassChoice, Convention, LossFunction, LossOptions, SmoothOptions } from './options.ts';
export {
  diceLoss,
  type FocalTverskyOptions,
  focalTverskyLoss,
  jaccardLoss,
  type TverskyOptions,
  tverskyLoss,
} from './overlap.ts';
