import * as tf from '@tensorflow/tfjs';

type Shape5D = [number, number, number, number, number];

interface ConvolutionAttributes {
  readonly pad: 'valid' | 'same' | number;
  readonly strides: number | [number, number, number];
}

/** Marks a kernel as replaced, so that it is replaced once a process. */
const repaired = Symbol.for('voxtally.wasm-conv3d');

/**
 * Replaces two gradients of 3D convolutions whose values are wrong on the wasm backend of tfjs 4.22.0, so that networks do not learn
 * on it: with respect to the input, always; with respect to the filter, for strides above 1.
 */
export function repairWasmConv3d(): void {
  const state = globalThis as { [repaired]?: boolean };
  const filterKernel = tf.getKernel('Conv3DBackpropFilterV2', 'wasm');
  if (state[repaired] === true || filterKernel === undefined) return;
  state[repaired] = true;
  replaceKernel('Conv3DBackpropInputV2', ({ inputs, attrs }) => {
    const { dy, filter } = inputs as unknown as { dy: tf.Tensor5D; filter: tf.Tensor5D };
    const given = attrs as unknown as ConvolutionAttributes & { inputShape: Shape5D };
    return tf.tidy(() => inputGradient(dy, filter, given));
  });
  replaceKernel('Conv3DBackpropFilterV2', ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as unknown as { x: tf.Tensor5D; dy: tf.Tensor5D };
    const given = attrs as unknown as ConvolutionAttributes & { filterShape: Shape5D };
    const dense = tf.tidy(() => atStrideOne(x, dy, given));
    const plain = { strides: 1, pad: 'valid', filterShape: given.filterShape };
    const gradient = filterKernel.kernelFunc({ inputs: dense, attrs: plain, backend });
    tf.dispose(dense);
    return gradient;
  });
}

/** The kernel keeps its set-up, by which the backend binds the compiled function when it starts. */
function replaceKernel(kernelName: string, kernelFunc: tf.KernelFunc): void {
  const original = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...original, kernelName, backendName: 'wasm', kernelFunc });
}

/** Input, padded or cropped, and output gradient, spread out, whose convolution of stride 1 has the same filter gradient. */
function atStrideOne(
  x: tf.Tensor5D,
  dy: tf.Tensor5D,
  { pad, strides, filterShape }: ConvolutionAttributes & { filterShape: Shape5D },
): { x: tf.Tensor5D; dy: tf.Tensor5D } {
  const { before, steps } = geometry(x.shape, filterShape, strides, pad);
  let spread: tf.Tensor = dy;
  for (const [i, step] of steps.entries()) spread = spreadOut(spread, i + 1, step);
  const lengths = [0, 1, 2].map((i) => (spread.shape[i + 1] ?? 1) + (filterShape[i] ?? 1) - 1);
  const paddings = lengths.map((length, i): [number, number] => {
    return [before[i] ?? 0, Math.max(0, length - (x.shape[i + 1] ?? 1) - (before[i] ?? 0))];
  });
  const padded = tf.pad(x, [[0, 0], ...paddings, [0, 0]]);
  const dense = tf.slice(padded, [0, 0, 0, 0, 0], [x.shape[0], ...lengths, x.shape[4]]) as tf.Tensor5D;
  return { x: dense, dy: tf.clone(spread) as tf.Tensor5D };
}

/** Zeros before the input and strides, both `[depth, height, width]`. */
function geometry(
  input: Shape5D,
  filter: Shape5D,
  strides: ConvolutionAttributes['strides'],
  pad: ConvolutionAttributes['pad'],
): { before: number[]; steps: number[] } {
  const info = tf.backend_util.computeConv3DInfo(input, filter, strides, 1, pad);
  return {
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    steps: [info.strideDepth, info.strideHeight, info.strideWidth],
  };
}

/** The gradient is a convolution by the mirrored filter. `dy` `[batch, depth, height, width, out]`, `filter` `[depth, height, width, in, out]`; the result has `inputShape`. */
function inputGradient(
  dy: tf.Tensor5D,
  filter: tf.Tensor5D,
  { pad, strides, inputShape }: ConvolutionAttributes & { inputShape: Shape5D },
): tf.Tensor5D {
  const { before, steps } = geometry(inputShape, filter.shape, strides, pad);
  let spread: tf.Tensor = dy;
  for (const [i, step] of steps.entries()) spread = spreadOut(spread, i + 1, step);
  const paddings: [number, number][] = [0, 1, 2].map((i) => {
    const size = filter.shape[i] ?? 1;
    const front = size - 1 - (before[i] ?? 0);
    return [front, (inputShape[i + 1] ?? 1) + size - 1 - front - (spread.shape[i + 1] ?? 1)];
  });
  const padded = tf.pad(spread, [[0, 0], ...paddings, [0, 0]]) as tf.Tensor5D;
  const mirrored = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]) as tf.Tensor5D;
  return tf.conv3d(padded, mirrored, 1, 'valid');
}

/** Puts `step - 1` zeros between the elements along an axis. */
function spreadOut(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  if (step === 1) return x;
  const size = x.shape[axis] ?? 1;
  const widened = tf.expandDims(x, axis + 1);
  const padded = tf.pad(
    widened,
    widened.shape.map((_, i): [number, number] => [0, i === axis + 1 ? step - 1 : 0]),
  );
  const long = tf.reshape(
    padded,
    x.shape.map((length, i) => (i === axis ? size * step : length)),
  );
  return tf.slice(
    long,
    x.shape.map(() => 0),
    x.shape.map((length, i) => (i === axis ? (size - 1) * step + 1 : length)),
  );
}
