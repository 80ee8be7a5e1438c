import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';

/**
 * Defines one command: its flags and its action. The action loads what it needs when it runs, so that help and small
 * commands start fast; it reports its exit status by `finish` (default: 0) and throws a VoxtallyError to fail.
 */
export type DefineCommand = (terminal: Terminal, finish: (status: number) => void) => Command;
