#!/usr/bin/env node
import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

// The status is set and not forced, so that output to a pipe is written to its end.
process.exitCode = await runProgram(process.argv.slice(2), processTerminal());
