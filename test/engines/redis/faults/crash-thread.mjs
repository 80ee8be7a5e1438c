// Loaded into a worker and its threads: a thread that opens the volume of `patient-001` ends, as by a crash of its kernel.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  if (!isMainThread && String(path).includes('patient-001')) process.exit(9);
  return openSync(path, ...rest);
};
syncBuiltinESMExports();
