import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { encodeTally, tallySchema } from '../../src/measures/tally/serialise.ts';
import type { Tally } from '../../src/measures/tally/tally.ts';

const prefixBytes = 20;

interface Header {
  about: { tally: unknown };
}

/** Changes the tally in a tile's file, in every other respect whole: as a kernel that computed wrongly would have written it. */
export function editTally(path: string, edit: (tally: Tally) => Tally): void {
  const file = readFileSync(path);
  const end = prefixBytes + file.readUInt32LE(12);
  const header = JSON.parse(file.toString('utf8', prefixBytes, end)) as Header;
  header.about.tally = encodeTally(edit(tallySchema.parse(header.about.tally)));
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(file.subarray(0, prefixBytes));
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  writeFileSync(path, Buffer.concat([prefix, text, file.subarray(end)]));
}

/** The tally in a tile's file. */
export function readTally(path: string): Tally {
  let found: Tally | undefined;
  editTally(path, (tally) => {
    found = tally;
    return tally;
  });
  return found!;
}

/** Changes the first class. */
export function editClass(
  tally: Tally,
  edit: (sums: Tally['classes'][number]) => Partial<Tally['classes'][number]>,
): Tally {
  const [first, ...rest] = tally.classes;
  return { ...tally, classes: [{ ...first!, ...edit(first!) }, ...rest] };
}
