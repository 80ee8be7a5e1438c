/**
 * Version of what programs tell each other through Redis: data of jobs, entries of the board. It goes up when a program of
 * before would misread any of it. Every key has it in its name, so programs of two versions share a server without taking each
 * other's work; only the list of workers is common, so that whoever waits can be told that those there are of another version.
 */
export const queueVersion = 2;

/** Start of all keys of this version. Version 1 had none in its keys. */
export function versionedPrefix(prefix: string): string {
  return `${prefix}:v${queueVersion}`;
}

/** Where programs of version 1 may be at work beside this one. Their default prefix had no braces. */
export function prefixesOfVersion1(prefix: string): string[] {
  return prefix === '{voxtally}' ? [prefix, 'voxtally'] : [prefix];
}

/** The key of the workers below a prefix, the same in all versions. */
export function workersKey(prefix: string): string {
  return `${prefix}:board:workers`;
}

/** Where runs of version 1 wait below a prefix: they are told of, not done. */
export function runsOfVersion1(prefix: string): string {
  return `${prefix}:runs:prioritized`;
}
