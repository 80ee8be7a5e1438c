/**
 * Records: small JSON documents in a store, each with its version and a checksum over all of its text. A record is a line; a file
 * may have several, to be whole together.
 */
import { crc32 } from 'node:zlib';
import type * as z from 'zod';
import type { ByteSource } from '../base/byte-source.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { PartialError } from '../base/errors.ts';
import { bigintsAsText } from '../measures/tally/serialise.ts';
import type { Store } from './store.ts';

/** A kind of record. `version` goes up when what an older program wrote must not be read as this. */
export interface RecordKind<Schema extends z.ZodType> {
  readonly version: number;
  readonly schema: Schema;
}

export function putRecord<Schema extends z.ZodType>(
  store: Store,
  name: string,
  kind: RecordKind<Schema>,
  record: DeepReadonly<z.input<Schema>>,
): void {
  putLines(store, name, [recordLine(kind, record)]);
}

/** Stores records as one file. */
export function putLines(store: Store, name: string, lines: readonly string[]): void {
  store.put(name, [Buffer.from(lines.join(''), 'utf8')]);
}

/** A record as it is stored. */
export function recordLine<Schema extends z.ZodType>(
  { version }: RecordKind<Schema>,
  record: DeepReadonly<z.input<Schema>>,
): string {
  const text = JSON.stringify({ version, ...(record as object) }, bigintsAsText).slice(0, -1);
  return `${text},"crc32":"${checksum(text)}"}\n`;
}

/**
 * The record in a line of a file, counted from 0.
 * @throws PartialError `record-missing`, `record-corrupt` for one that is torn, changed or of another shape, `record-version`;
 * MachineError when it cannot be read: that says nothing about the record.
 */
export function getRecord<Schema extends z.ZodType>(
  store: Store,
  name: string,
  { version, schema }: RecordKind<Schema>,
  line = 0,
): z.output<Schema> {
  const file = store.pathOf(name);
  const text = lineOf(readText(store, name), line);
  if (text === undefined) {
    throw new PartialError('record-missing', `${file} is missing; the run has to do this part again`, {
      file,
      record: name,
    });
  }
  const corrupt = (cause: unknown) =>
    new PartialError('record-corrupt', `${file} is torn or changed; the run has to do this part again`, {
      file,
      record: name,
      cause,
    });
  const [, whole = '', crc] = /^(.*),"crc32":"([0-9a-f]{8})"\}\n$/s.exec(text) ?? [];
  if (crc !== checksum(whole)) throw corrupt(new Error('its checksum differs'));
  const { version: its, ...record } = JSON.parse(`${whole}}`) as Record<string, unknown>;
  if (its !== version) {
    throw new PartialError(
      'record-version',
      `${file} was written by another version of voxtally (version ${its ?? 'unknown'} of such a record, this program reads ${version}); finish or read the run with that version, or score it again into another --out`,
      { file, record: name },
    );
  }
  // Most kinds are read once per command: to compile a parser for them costs more than it saves, 5 µs per record.
  const parsed = schema.safeParse(record, { jitless: true });
  if (!parsed.success) throw corrupt(parsed.error);
  return parsed.data;
}

/** The record; undefined when it is missing, damaged or of another version. @throws MachineError */
export function findRecord<Schema extends z.ZodType>(
  store: Store,
  name: string,
  kind: RecordKind<Schema>,
  line = 0,
): z.output<Schema> | undefined {
  try {
    return getRecord(store, name, kind, line);
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}

/** The whole text under a name; undefined when there is none. */
export function readText(store: Store, name: string): string | undefined {
  const source = store.open(name);
  if (source === undefined) return undefined;
  try {
    const bytes = new Uint8Array(source.byteLength);
    return Buffer.from(bytes.buffer, 0, source.read(0, bytes)).toString('utf8');
  } finally {
    source.close();
  }
}

/** A stored file that is not a record, to be closed after use. @throws PartialError `shard-missing` */
export function openPartial(store: Store, name: string): ByteSource {
  const source = store.open(name);
  if (source !== undefined) return source;
  const file = store.pathOf(name);
  throw new PartialError('shard-missing', `${file} is missing`, { file, record: name });
}

/** Sets aside what is damaged and removes what is of something else: it is made again under its name. */
export function outOfTheWay(store: Store, { code, place }: PartialError): void {
  const { record } = place;
  if (record === undefined || code.endsWith('-missing')) return;
  if (code.endsWith('-corrupt') || code.endsWith('-version')) store.setAside(record);
  else store.remove(record);
}

/** With its end: a record without one is torn. Undefined where there are fewer lines. */
function lineOf(text: string | undefined, line: number): string | undefined {
  if (text === undefined) return undefined;
  let start = 0;
  for (let before = 0; before < line; before++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0 || start === text.length) return undefined;
  }
  const end = text.indexOf('\n', start) + 1;
  return text.slice(start, end === 0 ? undefined : end);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
