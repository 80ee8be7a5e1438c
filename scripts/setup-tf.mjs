#!/usr/bin/env node
/**
 * Makes @tensorflow/tfjs-node usable in the project of the working directory, and says how, or why not.
 *
 *   npm run setup:tf -- [--require] [--wheel FILE] [--cache DIR] [--refresh]
 *
 * Tried in order: what is installed, the cache, the vendor (or the mirror of TFJS_NODE_CDN_STORAGE), a tensorflow-cpu
 * wheel (--wheel FILE, or pip). The unpacked libraries (0.6 GB) stay in the cache, since every `npm ci` drops the package.
 * Without tfjs-node the WASM backend is used: status 0, or 1 with --require.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, rename, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from './setup-tf/process.mjs';
import { fromVendor, fromWheel } from './setup-tf/sources.mjs';

const version = '4.22.0';
const usage = 'Usage: npm run setup:tf -- [--require] [--wheel FILE] [--cache DIR] [--refresh]';

/** Loads the package in a process of its own, so that a crash costs nothing, and adds two numbers with it. */
const trial = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = require('@tensorflow/tfjs-node');
const sum = tf.add(tf.tensor1d([2]), 3).dataSync()[0];
if (sum !== 5 || tf.getBackend() !== 'tensorflow') throw new Error('2 + 3 gave ' + sum + ' on ' + tf.getBackend());
console.log('TensorFlow ' + tf.backend().binding.TF_Version);
`;

async function tryLoading(project) {
  const env = { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '0' };
  const run = await runProgram(process.execPath, ['-e', trial], { cwd: project, env, limitS: 60 });
  return { ...run, tensorflow: /TensorFlow \S+/.exec(run.output)?.[0] ?? 'TensorFlow' };
}

/** Puts the cache's `deps` and `lib` into the package as links; npm removes links without following them. */
async function linkInto(packageDir, home) {
  for (const folder of ['deps', 'lib']) {
    const link = path.join(packageDir, folder);
    await rm(link, { recursive: true, force: true });
    await symlink(path.join(home, folder), link, process.platform === 'win32' ? 'junction' : 'dir');
  }
}

async function unlinkFrom(packageDir) {
  for (const folder of ['deps', 'lib']) {
    const link = path.join(packageDir, folder);
    if ((await lstat(link).catch(() => undefined))?.isSymbolicLink()) await rm(link);
  }
}

async function installPackage(project, packageDir) {
  if (existsSync(path.join(packageDir, 'package.json'))) return '';
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const install = await runProgram('npm', ['install', ...flags, `@tensorflow/tfjs-node@${version}`], {
    cwd: project,
    limitS: 300,
  });
  const missing = !existsSync(path.join(packageDir, 'package.json'));
  return install.ok && missing
    ? 'npm installed nothing; is it a peer dependency of this project?'
    : install.reason;
}

/** @returns {Promise<{ ready: string } | { tried: string[] }>} */
async function setUp({ project, cache, wheel, refresh }) {
  const packageDir = path.join(project, 'node_modules', '@tensorflow', 'tfjs-node');
  const home = path.join(cache, `tfjs-node-${version}-${process.platform}-${process.arch}`);
  if (!refresh && wheel === undefined && existsSync(packageDir)) {
    const loaded = await tryLoading(project);
    if (loaded.ok) return { ready: `${loaded.tensorflow}, already installed` };
  }
  const failure = await installPackage(project, packageDir);
  if (failure !== '') return { tried: [`npm could not fetch @tensorflow/tfjs-node@${version}: ${failure}`] };

  const tried = [];
  if (existsSync(home) && !refresh && wheel === undefined) {
    await linkInto(packageDir, home);
    const loaded = await tryLoading(project);
    if (loaded.ok) return { ready: `${loaded.tensorflow}, from the cache ${home}` };
    tried.push(`the cache ${home}: ${loaded.reason}`);
  }
  const sources = wheel === undefined ? [fromVendor, fromWheel] : [(dir, to) => fromWheel(dir, to, wheel)];
  for (const source of sources) {
    // A source fills a folder of its own; only one that was complete takes the cache's name.
    const draft = `${home}.draft-${process.pid}`;
    await unlinkFrom(packageDir);
    const result = await source(packageDir, draft);
    if (result.reason === '') {
      await rm(home, { recursive: true, force: true });
      await rename(draft, home);
      await linkInto(packageDir, home);
      const loaded = await tryLoading(project);
      if (loaded.ok) return { ready: `${loaded.tensorflow}, ${result.detail}; kept in ${home}` };
      result.reason = loaded.reason;
    }
    await rm(draft, { recursive: true, force: true });
    tried.push(`${result.name}: ${result.reason}`);
  }
  return { tried };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        require: { type: 'boolean', default: false },
        refresh: { type: 'boolean', default: false },
        wheel: { type: 'string' },
        cache: { type: 'string', default: path.join(os.homedir(), '.cache', 'voxtally') },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const cache = path.resolve(options.cache);
await mkdir(cache, { recursive: true });
console.log('Setting up @tensorflow/tfjs-node; a first download can take some minutes.');
const wheel = options.wheel === undefined ? undefined : path.resolve(options.wheel);
const outcome = await setUp({ project: process.cwd(), cache, wheel, refresh: options.refresh });
if ('ready' in outcome) {
  console.log(`tfjs-node ${version} is ready: ${outcome.ready}.`);
} else {
  console.log(
    `tfjs-node ${version} is not available on this machine; training losses and the audit use the WASM backend.`,
  );
  for (const line of outcome.tried) console.log(`  - ${line}`);
  console.log('  With a tensorflow-cpu wheel at hand: npm run setup:tf -- --wheel FILE');
  if (options.require) process.exitCode = 1;
}
