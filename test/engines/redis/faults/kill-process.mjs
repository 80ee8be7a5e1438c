// Loaded into a worker and its threads: whoever has scored tile 3 of case 1 dies with its whole process.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { renameSync } = fs;
fs.renameSync = (from, to) => {
  if (String(to).endsWith('/tiles/000001/000003.shard')) process.kill(process.pid, 'SIGKILL');
  return renameSync(from, to);
};
syncBuiltinESMExports();
