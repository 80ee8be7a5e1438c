/** The masks of single components. */
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import type { Mask } from '../masks/mask.ts';
import { MaskBuilder } from '../masks/mask-builder.ts';
import { ComponentSweep } from './find-components.ts';

/**
 * One mask for each key that `keyOf` gives a 26-connected component (by its number); components without a key are left out.
 * Lays the kernel memory out anew.
 */
export function splitMask(
  kernels: Kernels,
  mask: Mask,
  keyOf: (component: number) => number | undefined,
): Map<number, Mask> {
  const builders = new Map<number, MaskBuilder>();
  if (mask.box === null) return new Map();
  const layout = new Layout(kernels.memory);
  const first = new ComponentSweep(kernels, layout, mask);
  const { origin, shape } = mask.box;
  const planes = Array.from({ length: shape[2] }, (_, i) => origin[2] + i);
  for (const z of planes) first.plane(z);
  const { group26 } = first.finish();
  const numbers = first.componentNumbers();
  // The same planes once more give the same provisional numbers.
  const second = new ComponentSweep(kernels, layout, mask);
  for (const z of planes) {
    second.plane(z);
    second.eachRun((y, from, to, provisional) => {
      const key = keyOf(group26[numbers[provisional]! - 1]!);
      if (key === undefined) return;
      let builder = builders.get(key);
      if (builder === undefined) {
        builder = new MaskBuilder(mask.shape);
        builders.set(key, builder);
      }
      builder.add(y, z, from, to);
    });
  }
  return new Map([...builders].map(([key, builder]) => [key, builder.finish()]));
}
