import type { Terminal } from './terminal.ts';

/**
 * Versions of what commands print for programs (`--json`) and nothing else holds; what a file holds as well, such as results and
 * comparisons, has the version of its schema. One goes up when a field goes or means something else; fields may be added.
 */
const versions = {
  curve: 1,
  errors: 1,
  failure: 1,
  inspect: 1,
  lesions: 1,
  merge: 1,
  score: 1,
  status: 1,
  submission: 1,
} as const;

/** One object on one line. */
export function printObject(terminal: Terminal, kind: keyof typeof versions, facts: object): void {
  terminal.out(`${JSON.stringify({ version: versions[kind], ...facts })}\n`);
}
