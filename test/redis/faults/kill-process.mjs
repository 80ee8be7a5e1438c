// Loaded into a worker and its threads: whoever scores `patient-001` dies with its whole process.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  if (!isMainThread && String(path).includes('patient-001')) process.kill(process.pid, 'SIGKILL');
  return openSync(path, ...rest);
};
syncBuiltinESMExports();
