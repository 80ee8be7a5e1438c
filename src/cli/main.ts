#!/usr/bin/env node
try {
  const { runProcess } = await import('./run-process.ts');
  await runProcess(process.argv.slice(2));
} catch (error) {
  // Where not even the program's own files can be opened, nothing of it can say so.
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  process.stderr.write(
    'voxtally: too many open files for the program to start; allow more: ulimit -n 1024\n',
  );
  process.exitCode = 2;
}
