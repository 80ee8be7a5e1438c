// Loaded into a worker and its threads: whoever looks where `link.nii` leads is told of a file inside the data folder; whoever
// opens it gets one outside. Between the two somebody was quick.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const outside = (path) =>
  String(path).endsWith('/link.nii') ? join(process.env.FAULT_FOLDER, 'secret.nii') : path;
const { openSync, open } = fs;
fs.openSync = (path, ...rest) => openSync(outside(path), ...rest);
fs.open = (path, ...rest) => open(outside(path), ...rest);
const { open: openHandle } = fs.promises;
fs.promises.open = (path, ...rest) => openHandle(outside(path), ...rest);
syncBuiltinESMExports();
