/** Whether the axes of a volume stand at right angles: distances from spacing alone need that. */

/** Cosine of the angle between axes below which they count as orthogonal. */
const tolerance = 1e-4;

/** Why distances cannot be measured, in words; null where they can. `affine`: row-major 4 x 4. */
export function whyNoDistances(affine: readonly number[]): string | null {
  const column = (axis: number) => [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!];
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const [u, v] = [column(a), column(b)];
    const lengths = Math.hypot(...u) * Math.hypot(...v);
    if (lengths === 0) continue;
    const cosine = Math.abs(u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!) / lengths;
    if (cosine > tolerance) {
      return `the affine is sheared: axes ${'xyz'[a]} and ${'xyz'[b]} are not orthogonal (cosine ${cosine.toPrecision(3)}), so distances are not measured`;
    }
  }
  return null;
}
