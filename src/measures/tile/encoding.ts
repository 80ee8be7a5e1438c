import type { Datatype } from '../../volumes/types.ts';

/** How the stored bytes of a file become values. */
export interface Encoding {
  readonly datatype: Datatype;
  readonly littleEndian: boolean;
  readonly slope: number;
  readonly intercept: number;
}
