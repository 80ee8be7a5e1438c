import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { beforeEach, expect, test, vi } from 'vitest';
import { ProgramScripts } from '../../src/cli/program-scripts.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
let program: string;
let scripts: () => ProgramScripts;

function write(name: string, body: string): void {
  writeFileSync(join(program, name), `(function(exports,require,module,scriptUrl){${body}})`);
}

const compiled = () => readdirSync(program).filter((name) => name.endsWith('.compiled'));

beforeEach(() => {
  // Workers of the test run may have flags, under which nothing is kept.
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue([]);
  vi.stubEnv('NODE_OPTIONS', undefined);
  const folder = inFolder(`program-${Math.random()}`);
  program = join(folder, 'program');
  mkdirSync(program, { recursive: true });
  write('a.js', "const b=require('./b.js');exports.sum=()=>b.two()+1;exports.place=scriptUrl;");
  write('b.js', "const{sep}=require('node:path');exports.two=()=>2;exports.sep=sep;require('./a.js');");
  const url = pathToFileURL(join(folder, 'main.js')).href;
  scripts = () => new ProgramScripts(url);
});

interface Exports {
  sum(): number;
  readonly place: string;
}

test('scripts load each other, once, and modules of Node', () => {
  const own = scripts();
  const a = own.load('a') as Exports;
  expect(a.sum()).toBe(3);
  expect(a.place).toMatch(/main\.js$/);
  expect(own.load('a')).toBe(a);
  expect(own.load('b')).toHaveProperty('sep', '/');
  expect(compiled()).toEqual([]);
});

test('what was compiled is kept once, by version of Node', () => {
  const own = scripts();
  own.load('a');
  own.keepCompiled();
  const of = `${process.version}-${process.arch}.compiled`;
  expect(readdirSync(program).sort()).toEqual(['a.js', `a.${of}`, 'b.js', `b.${of}`].sort());
  const { ino } = statSync(join(program, `a.${of}`));
  const later = scripts();
  expect((later.load('a') as Exports).sum()).toBe(3);
  later.keepCompiled();
  expect(statSync(join(program, `a.${of}`)).ino).toBe(ino);
});

test('of another source of the same length nothing compiled is used, and it is replaced', () => {
  const first = scripts();
  first.load('a');
  first.keepCompiled();
  write('b.js', "const{sep}=require('node:path');exports.two=()=>7;exports.sep=sep;require('./a.js');");
  const second = scripts();
  expect((second.load('a') as Exports).sum()).toBe(8);
  second.keepCompiled();
  expect((scripts().load('a') as Exports).sum()).toBe(8);
});

test('what is torn or changed is made again', () => {
  const first = scripts();
  first.load('a');
  first.keepCompiled();
  const whole = compiled().map((name) => readFileSync(join(program, name)));
  const [torn, changed] = compiled().map((name) => join(program, name)) as [string, string];
  writeFileSync(torn, whole[0]!.subarray(0, 5));
  const bytes = Buffer.from(whole[1]!);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(changed, bytes);
  const second = scripts();
  expect((second.load('a') as Exports).sum()).toBe(3);
  second.keepCompiled();
  expect(statSync(torn).size).toBeGreaterThan(5);
  expect(readFileSync(changed)).not.toEqual(bytes);
});

test('what another build of Node compiled under the same version is made again', () => {
  const first = scripts();
  first.load('a');
  first.keepCompiled();
  // V8 has compiled scripts of the same place in memory, and would not look at these.
  const elsewhere = inFolder(`moved-${Math.random()}`);
  cpSync(program, join(elsewhere, 'program'), { recursive: true });
  const [path] = compiled().map((name) => join(elsewhere, 'program', name)) as [string];
  const foreign = readFileSync(path);
  // Behind the two checksums and its magic number V8 has a hash of its version.
  foreign[12]! ^= 1;
  foreign.writeUInt32LE(crc32(foreign.subarray(8)), 4);
  writeFileSync(path, foreign);
  const second = new ProgramScripts(pathToFileURL(join(elsewhere, 'main.js')).href);
  expect((second.load('a') as Exports).sum()).toBe(3);
  second.keepCompiled();
  expect(readFileSync(path)).not.toEqual(foreign);
});

test('where nothing can be written, nothing is kept, and nothing is said', () => {
  const own = scripts();
  own.load('a');
  rmSync(program, { recursive: true });
  own.keepCompiled();
  expect(existsSync(program)).toBe(false);
});

test('a process with flags of its own leaves nothing', () => {
  vi.stubEnv('NODE_OPTIONS', '--stack-size=900');
  const own = scripts();
  own.load('a');
  own.keepCompiled();
  expect(compiled()).toEqual([]);
});
