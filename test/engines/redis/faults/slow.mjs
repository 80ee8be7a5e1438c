// Loaded into a worker and its threads: a tile takes 40 ms longer, so that there is time to do harm.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { renameSync } = fs;
fs.renameSync = (from, to) => {
  if (!isMainThread && String(to).includes('/tiles/'))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40);
  return renameSync(from, to);
};
syncBuiltinESMExports();
