// Loaded into a process and its threads: scoring tile 1 of case 1 meets a defect of the program.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { renameSync } = fs;
fs.renameSync = (from, to) => {
  if (String(to).includes('/tiles/000001/000001')) throw new TypeError(`${to}.frobnicate is not a function`);
  return renameSync(from, to);
};
syncBuiltinESMExports();
