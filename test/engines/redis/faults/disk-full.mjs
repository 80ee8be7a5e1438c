// Loaded into a worker and its threads: while the file `full` is there, a shard is written to its half and no further.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const { openSync, writeSync } = fs;
const shards = new Set();
fs.openSync = (path, ...rest) => {
  const file = openSync(path, ...rest);
  if (String(path).includes('.shard.')) shards.add(file);
  else shards.delete(file);
  return file;
};
fs.writeSync = (file, ...rest) => {
  if (shards.has(file) && fs.existsSync(join(process.env.FAULT_FOLDER, 'full'))) {
    writeSync(file, rest[0], 0, Math.floor(rest[0].length / 2));
    fs.writeFileSync(join(process.env.FAULT_FOLDER, 'was-full'), '');
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
  }
  return writeSync(file, ...rest);
};
syncBuiltinESMExports();
