/**
 * Settings that a flag gives as text. Each reader returns the text untouched when it cannot read it, so that the
 * schema reports what was given together with every other mistake.
 */

import { parseSize } from '../base/size.ts';

/** `0.5` as a number; anything else untouched. */
export function readNumber(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

/** `1/255` and `0.5` as numbers. */
export function readFraction(value: unknown): unknown {
  const [, numerator, denominator] =
    (typeof value === 'string' && /^\s*([^/\s]+)\s*\/\s*([^/\s]+)\s*$/.exec(value)) || [];
  if (numerator === undefined) return readNumber(value);
  const quotient = Number(numerator) / Number(denominator);
  return Number.isFinite(quotient) ? quotient : value;
}

/** `0,1,2,4` and a single label as a list of numbers, null for `auto`. */
export function readLabels(value: unknown): unknown {
  if (value === 'auto') return null;
  if (typeof value === 'number') return [value];
  return typeof value === 'string' ? value.split(',').map((part) => readNumber(part.trim())) : value;
}

/** `2GiB` as bytes. */
export function readSize(value: unknown): unknown {
  return typeof value === 'string' ? (parseSize(value) ?? value) : value;
}

/** An integer, or null for `none`. */
export function readNumberOrNone(value: unknown): unknown {
  return value === 'none' || value === 'null' ? null : readNumber(value);
}

/** `64,64,32` as three numbers, or null for `auto`. */
export function readShape(value: unknown): unknown {
  if (value === 'auto') return null;
  return typeof value === 'string' ? value.split(',').map((part) => readNumber(part.trim())) : value;
}

/** `95,99` as numbers; a single number may stand without a list. */
export function readNumbers(value: unknown): unknown {
  if (typeof value === 'number') return [value];
  return typeof value === 'string' ? value.split(',').map((part) => readNumber(part.trim())) : value;
}

/** `1,2` as numbers for all classes, `liver=2;kidney=1,3` as numbers by class. */
export function readTolerances(value: unknown): unknown {
  if (typeof value === 'string' && value.includes('=')) return readClassesText(value);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return readNumbers(value);
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, readNumbers(own)]));
}

/** `json,parquet` as a list of words. */
export function readWords(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
}

/** `dice, bce` and `[dice, bce]` alike as `dice,bce`. */
export function readList(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(',') : value;
}

/**
 * `WT=1,2,3;TC=2,3` as `{ WT: [1, 2, 3], TC: [2, 3] }`, null for `auto`; in a file, a single label may stand
 * without a list (`liver: 5`).
 */
export function readClasses(value: unknown): unknown {
  if (value === 'auto') return null;
  if (typeof value === 'string') return readClassesText(value);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, labels]) => [name, typeof labels === 'number' ? [labels] : labels]),
  );
}

function readClassesText(text: string): unknown {
  const classes = new Map<string, unknown[]>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [name = '', labels, ...rest] = part.split('=').map((piece) => piece.trim());
    if (labels === undefined || rest.length > 0 || classes.has(name)) return text;
    classes.set(
      name,
      labels.split(',').map((label) => readNumber(label.trim())),
    );
  }
  return classes.size === 0 ? text : Object.fromEntries(classes);
}
