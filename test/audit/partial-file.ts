import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { sumsRows } from '../../src/measures/quantities.ts';
import {
  encodeConfusion,
  encodeCrossEntropy,
  encodeOverlap,
  encodeSum,
  gateSchema,
} from '../../src/measures/tally/serialise.ts';
import type { Tally } from '../../src/measures/tally/tally.ts';
import { tallyOf } from '../../src/measures/tally/tally-of.ts';
import type { RunSettings } from '../../src/settings/run-settings.ts';

const prefixBytes = 20;

interface Header {
  about: { gate: unknown; rows: Record<string, unknown> };
}

/** Changes the tally in a tile's file, in every other respect whole: as a kernel that computed wrongly would have written it. */
export function editTally(path: string, edit: (tally: Tally) => Tally): void {
  const file = readFileSync(path);
  const end = prefixBytes + file.readUInt32LE(12);
  const header = JSON.parse(file.toString('utf8', prefixBytes, end)) as Header;
  const { about } = header;
  const values = sumsRows.map(({ id, partial }) => [id, about.rows[id] && partial.parse(about.rows[id])]);
  const { classes, crossEntropy, confusion, ...gate } = edit(
    tallyOf(anySettings, gateSchema.parse(about.gate), Object.fromEntries(values)),
  );
  about.gate = gate;
  const rows: Record<string, unknown> = {
    overlap: classes.map(({ terms: _, ...own }) => encodeOverlap(own)),
    terms: classes.map(({ terms }) => terms.map(encodeSum)),
    'cross-entropy': encodeCrossEntropy(crossEntropy),
    confusion: encodeConfusion(confusion),
  };
  for (const id of Object.keys(about.rows)) about.rows[id] = rows[id] ?? about.rows[id];
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(file.subarray(0, prefixBytes));
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  writeFileSync(path, Buffer.concat([prefix, text, file.subarray(end)]));
}

/** One class, whatever its terms. */
const anySettings = { classes: [{}], terms: [] } as unknown as RunSettings;

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

/** Changes bytes of a blob, in every other respect whole. */
export function editBlob(path: string, name: string, edit: (bytes: Buffer) => void): void {
  const file = readFileSync(path);
  const end = prefixBytes + file.readUInt32LE(12);
  const header = JSON.parse(file.toString('utf8', prefixBytes, end)) as {
    blobs: { name: string; bytes: number; crc: number }[];
  };
  // Blobs are the last thing in a shard of one tile.
  let at = file.length - header.blobs.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const blob of header.blobs) {
    const bytes = file.subarray(at, at + blob.bytes);
    if (blob.name === name) edit(bytes);
    blob.crc = crc32(bytes);
    at += blob.bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(file.subarray(0, prefixBytes));
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  writeFileSync(path, Buffer.concat([prefix, text, file.subarray(end)]));
}
