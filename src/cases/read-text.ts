/** Small text files that people make with spreadsheets and editors, as text: UTF-8 or UTF-16, never a guess. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../base/errors.ts';

/**
 * The text of a file in UTF-8 or UTF-16, without its byte order mark. UTF-16 without a mark is told by the zero byte of
 * its first character.
 * @throws UsageError for a file that cannot be read or is in another encoding, with its line and how to convert it.
 */
export function readText(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new UsageError('text-unreadable', `${path}: cannot read the ${what}`, { file: path, cause });
  }
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError('text-encoding', `${path}: ${encodingFault(bytes, encoding, path)}`, {
      file: path,
      cause,
    });
  }
}

function encodingOf([first, second]: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

function encodingFault(bytes: Buffer, encoding: string, path: string): string {
  if (encoding !== 'utf-8') return `is damaged ${encoding.toUpperCase()} text; save it as UTF-8`;
  const at = firstBadByte(bytes);
  const line = bytes
    .subarray(0, at)
    .toString('latin1')
    .split(/\r\n|\r|\n/).length;
  const byte = `0x${bytes[at]!.toString(16).padStart(2, '0')}`;
  return `line ${line}: byte ${byte} is not UTF-8, so the file is likely Latin-1 or Windows-1252, and its names would be wrong; save it as UTF-8 (in Excel: "CSV UTF-8"), such as by iconv -f WINDOWS-1252 -t UTF-8 '${path}'`;
}

/** The longest start that is UTF-8 or the beginning of it. */
function firstBadByte(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}
