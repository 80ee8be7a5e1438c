import * as losses from '../../src/tfjs/index.ts';

/** Losses refuse options that they do not have: these are left out of the common ones. */
const unsmoothed = ({ smooth: _, ...options }: losses.SmoothOptions): losses.LossOptions => options;

function lovasz({ smooth: _, convention: __, ...options }: losses.SmoothOptions): losses.LossFunction {
  return losses.lovaszSoftmax(options);
}

/** Every loss in every form, as a maker from common options. `hinge` ones take logits only. */
export const everyLoss: readonly (readonly [
  name: string,
  make: (options: losses.SmoothOptions) => losses.LossFunction,
])[] = [
  ['dice', (o) => losses.diceLoss(o)],
  ['jaccard', (o) => losses.jaccardLoss(o)],
  ['bce', (o) => losses.bceLoss(unsmoothed(o))],
  ['bce-dice', (o) => losses.bceDiceLoss(o)],
  ['focal mean-bce', (o) => losses.focalLoss({ ...unsmoothed(o), form: 'mean-bce' })],
  ['focal voxel', (o) => losses.focalLoss({ ...unsmoothed(o), form: 'voxel' })],
  ['focal voxel of gamma 0.5', (o) => losses.focalLoss({ ...unsmoothed(o), form: 'voxel', gamma: 0.5 })],
  ['focal lin', (o) => losses.focalLoss({ ...unsmoothed(o), form: 'lin' })],
  ['tversky', (o) => losses.tverskyLoss({ ...o, alpha: 0.3, beta: 0.7 })],
  ['focal tversky', (o) => losses.focalTverskyLoss(o)],
  ['focal tversky of gamma 0.75', (o) => losses.focalTverskyLoss({ ...o, gamma: 0.75 })],
  ['combo code', (o) => losses.comboLoss({ ...o, form: 'code' })],
  ['combo paper', (o) => losses.comboLoss({ ...o, form: 'paper' })],
  ['combo article', (o) => losses.comboLoss({ ...o, form: 'article' })],
  ['lovasz-softmax', lovasz],
];
