/** `[x, y, z]` where it is read from outside. */
import * as z from 'zod';

export const vec3Schema = z.tuple([z.number(), z.number(), z.number()]);

/** Sizes or places of voxels. */
export const voxelVec3Schema = z.tuple([z.int(), z.int(), z.int()]);
