/** Whether the files of a case are still those that were planned: a score belongs to what was read. */
import { statSync } from 'node:fs';
import * as z from 'zod';

/** A file as it was before it was read; `modifiedMs` counts from 1970. */
const inputStamp = z.object({ file: z.string(), bytes: z.number(), modifiedMs: z.number() });
export const inputStamps = z.array(inputStamp);
export type InputStamp = Readonly<z.infer<typeof inputStamp>>;

/** Stamps of the files that are there. */
export function stampInputs(files: Iterable<string>): InputStamp[] {
  return [...new Set(files)].flatMap((file) => stampOf(file) ?? []);
}

/** The first file that is another one now. One that is gone, or cannot be seen from here, has not been replaced. */
export function replacedInput(stamps: readonly InputStamp[]): string | undefined {
  return stamps.find(({ file, bytes, modifiedMs }) => {
    const now = stampOf(file);
    return now !== undefined && (now.bytes !== bytes || now.modifiedMs !== modifiedMs);
  })?.file;
}

/** Undefined for a file that is gone or cannot be seen from here, whatever the reason. */
export function stampOf(file: string): InputStamp | undefined {
  try {
    const { size, mtimeMs } = statSync(file);
    return { file, bytes: size, modifiedMs: Math.floor(mtimeMs) };
  } catch {
    return undefined;
  }
}
