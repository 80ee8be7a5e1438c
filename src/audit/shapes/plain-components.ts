/** Connected components by flooding, voxel by voxel: slow and plain, to check the kernels against. */
import type { Vec3 } from '../../base/box.ts';

/** The number of each voxel's component, from 1 on by first voxel; 0 for background. `connectivity`: 6, 18 or 26. */
export function plainComponents(inside: Uint8Array, shape: Vec3, connectivity: 6 | 18 | 26): Uint32Array {
  const steps = stepsOf(connectivity);
  const [sizeX, sizeY, sizeZ] = shape;
  const numbers = new Uint32Array(inside.length);
  let count = 0;
  for (let first = 0; first < inside.length; first++) {
    if (inside[first] === 0 || numbers[first] !== 0) continue;
    numbers[first] = ++count;
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const x = index % sizeX;
      const y = Math.floor(index / sizeX) % sizeY;
      const z = Math.floor(index / (sizeX * sizeY));
      for (const [dx, dy, dz] of steps) {
        const [nextX, nextY, nextZ] = [x + dx, y + dy, z + dz];
        if (nextX < 0 || nextY < 0 || nextZ < 0 || nextX >= sizeX || nextY >= sizeY || nextZ >= sizeZ)
          continue;
        const next = (nextZ * sizeY + nextY) * sizeX + nextX;
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
