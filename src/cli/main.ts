#!/usr/bin/env node
import { ProgramScripts } from './program-scripts.ts';

const { setFlagsFromString } = process.getBuiltinModule('node:v8');

// Loops over voxels are compiled kernels. What is around them runs too briefly for V8's optimising compilers to pay, which took
// an eighth of the processor time of a run; functions are optimised once they have run eight times as long as by default. Later
// versions of Node have no such flag, and print an error.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=1000000');
// What is inflated counts as heap, so V8 would mark its few MB of objects anew with every 30 MB that pass: a fifth of the
// time. Here and nowhere later: switched off while it is marking, V8 corrupts its heap.
setFlagsFromString('--no-incremental-marking');
// V8 starts with 1 MB for young objects and doubles that: at 16 MB at once, which any long run reaches, most commands end before
// they have to be collected, and none of their objects grows old; it costs some 12 MB.
setFlagsFromString('--semi-space-growth-factor=16');
// What a thread has loaded and learnt after its first steps is more than what V8 lets a new heap grow to: it was searched for
// garbage, which is the trimmer's to collect (heap-trimmer.ts).
setFlagsFromString('--initial-old-space-size=32');
// Each kernel is compiled once (kernels.ts): to optimise later what is called often takes longer than it saves.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');
setFlagsFromString('--no-liftoff');
// All are set before a script is loaded: V8 takes no code that was compiled under other flags.

const args = process.argv.slice(2);
try {
  const scripts = new ProgramScripts(import.meta.url);
  const { endProcess, runProcess } = scripts.load('run-process') as typeof import('./run-process.ts');
  await runProcess(args);
  // Scoring runs through most of the program.
  if (args[0] === 'score' && process.exitCode !== 2) {
    // A run without threads has had plain kernels.
    setFlagsFromString('--no-liftoff');
    scripts.keepCompiled();
  }
  await endProcess();
} catch (error) {
  // Where not even the program's own files can be opened, nothing of it can say so.
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  process.stderr.write(
    'voxtally: too many open files for the program to start; allow more: ulimit -n 1024\n',
  );
  process.exitCode = 2;
}
