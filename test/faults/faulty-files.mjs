// Loaded into a process and its threads by `--import`: a file system that misbehaves by script. FAULT_RULES names a file with
// a JSON list of rules, each { path: a pattern, call, error: a code such as EIO, or TypeError for a defect, share: of the calls, slowMs }; it is read anew when it
// changes, and no file is no rule. What is `torn` writes half and fails.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env.FAULT_RULES;
const { statSync, readFileSync, openSync } = fs;
const lookEveryMs = 50;
let rules = [];
let readAt = 0;
let changedAt = -1;

function current() {
  const now = Date.now();
  if (file === undefined || now - readAt < lookEveryMs) return rules;
  readAt = now;
  try {
    const { mtimeMs } = statSync(file);
    if (mtimeMs !== changedAt) {
      rules = JSON.parse(readFileSync(file, 'utf8')).map((rule) => ({
        ...rule,
        path: new RegExp(rule.path),
      }));
      changedAt = mtimeMs;
    }
  } catch {
    rules = [];
    changedAt = -1;
  }
  return rules;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** The rule that strikes now. */
function struck(call, path) {
  for (const rule of current()) {
    if (rule.call !== call || !rule.path.test(path) || Math.random() >= (rule.share ?? 1)) continue;
    if (rule.slowMs) Atomics.wait(pause, 0, 0, rule.slowMs);
    if (rule.error) return rule;
  }
  return undefined;
}

function fault({ error }, call, path) {
  if (error === 'TypeError') return new TypeError(`${path}.${call} is not a function`);
  const message = `${error}: made up, ${call} '${path}'`;
  return Object.assign(new Error(message), { code: error, syscall: call, path, errno: -5 });
}

/** Paths of open files, since reads and writes name them by number. */
const paths = new Map();

function wrapPath(name, call) {
  const real = fs[name];
  fs[name] = (path, ...rest) => {
    const rule = struck(call, String(path));
    if (rule) throw fault(rule, call, path);
    return real(path, ...rest);
  };
}
for (const [name, call] of [
  ['statSync', 'stat'],
  ['mkdirSync', 'mkdir'],
  ['rmSync', 'rm'],
  ['readdirSync', 'readdir'],
  ['readFileSync', 'read'],
]) {
  wrapPath(name, call);
}

fs.openSync = (path, ...rest) => {
  const rule = struck('open', String(path));
  if (rule) throw fault(rule, 'open', path);
  const fd = openSync(path, ...rest);
  paths.set(fd, String(path));
  return fd;
};

const { readSync, writeSync, renameSync, closeSync } = fs;
fs.readSync = (fd, ...rest) => {
  const path = paths.get(fd) ?? '';
  const rule = struck('read', path);
  if (rule) throw fault(rule, 'read', path);
  return readSync(fd, ...rest);
};
fs.writeSync = (fd, bytes, ...rest) => {
  const path = paths.get(fd) ?? '';
  const rule = struck('write', path);
  if (!rule) return writeSync(fd, bytes, ...rest);
  if (rule.torn && bytes.length > 1) writeSync(fd, bytes, 0, Math.floor(bytes.length / 2));
  throw fault(rule, 'write', path);
};
fs.renameSync = (from, to) => {
  const rule = struck('rename', String(to));
  if (rule) throw fault(rule, 'rename', to);
  return renameSync(from, to);
};
fs.closeSync = (fd) => {
  paths.delete(fd);
  return closeSync(fd);
};
syncBuiltinESMExports();
