/** Connected components by flooding, voxel by voxel: slow and plain, to check the kernels against. */
import { type Vec3, voxelAt, voxelIndex } from '../../base/box.ts';

/** The number of each voxel's component, from 1 on by first voxel; 0 for background. `connectivity`: 6, 18 or 26. */
export function plainComponents(inside: Uint8Array, shape: Vec3, connectivity: 6 | 18 | 26): Uint32Array {
  const steps = stepsOf(connectivity);
  const numbers = new Uint32Array(inside.length);
  let count = 0;
  for (let first = 0; first < inside.length; first++) {
    if (inside[first] === 0 || numbers[first] !== 0) continue;
    numbers[first] = ++count;
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const [x, y, z] = voxelAt(index, shape);
      for (const [dx, dy, dz] of steps) {
        const place: Vec3 = [x + dx, y + dy, z + dz];
        if (place.some((value, axis) => value < 0 || value >= shape[axis as 0 | 1 | 2])) continue;
        const next = voxelIndex(place, shape);
        if (inside[next] === 0 || numbers[next] !== 0) continue;
        numbers[next] = count;
        waiting.push(next);
      }
    }
  }
  return numbers;
}

/** Steps to the neighbours that share a face (6), an edge too (18), a corner too (26). */
function stepsOf(connectivity: 6 | 18 | 26): Vec3[] {
  const farthest = { 6: 1, 18: 2, 26: 3 }[connectivity];
  const steps: Vec3[] = [];
  for (let z = -1; z <= 1; z++) {
    for (let y = -1; y <= 1; y++) {
      for (let x = -1; x <= 1; x++) {
        const axes = Math.abs(x) + Math.abs(y) + Math.abs(z);
        if (axes > 0 && axes <= farthest) steps.push([x, y, z]);
      }
    }
  }
  return steps;
}
