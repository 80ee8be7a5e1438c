// Loaded into a worker and its threads: a tile takes SLOW_MS longer, so that there is time to do harm; no more once the file
// `hurry` is there.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const { renameSync } = fs;
const slowMs = Number(process.env.SLOW_MS ?? 40);
fs.renameSync = (from, to) => {
  const isTile = !isMainThread && String(to).includes('/tiles/');
  if (isTile && !fs.existsSync(join(process.env.FAULT_FOLDER, 'hurry')))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowMs);
  return renameSync(from, to);
};
syncBuiltinESMExports();
