/** Reads chosen members of a zip archive (a Python wheel is one) without unpacking the rest. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/**
 * Entries of a zip's central directory.
 * @param {import('node:fs/promises').FileHandle} file
 * @param {string} name path of the archive, for messages
 */
async function entriesOf(file, name) {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, 65_557));
  await file.read(tail, 0, tail.length, size - tail.length);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== endOfDirectory) end -= 1;
  if (end < 0) throw new Error(`${name} is not a complete wheel (zip): it has no directory at its end`);
  const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
  await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
  const entries = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === directoryEntry; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * Extracts the members for which `target` names a place.
 * @param {string} archive path of the zip
 * @param {(member: string) => string | undefined} target absolute path to write a member to, or undefined to skip it
 * @returns {Promise<number>} how many members were written
 */
export async function extractZip(archive, target) {
  const file = await open(archive, 'r');
  try {
    let written = 0;
    for (const entry of await entriesOf(file, archive)) {
      const destination = entry.name.endsWith('/') ? undefined : target(entry.name);
      if (destination === undefined) continue;
      const local = Buffer.alloc(30);
      await file.read(local, 0, 30, entry.headerOffset);
      const start = entry.headerOffset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      await mkdir(path.dirname(destination), { recursive: true });
      if (entry.packedBytes === 0) {
        await (await open(destination, 'w')).close();
      } else {
        const source = createReadStream(archive, { start, end: start + entry.packedBytes - 1 });
        const stages = entry.method === 8 ? [source, createInflateRaw()] : [source];
        await pipeline([...stages, createWriteStream(destination)]);
      }
      written += 1;
    }
    return written;
  } finally {
    await file.close();
  }
}
