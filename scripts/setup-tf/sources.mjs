/** Where TensorFlow's C library and the Node binding come from. Each source fills `home` (`deps/` and `lib/`) or says why not. */
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runProgram } from './process.mjs';
import { extractZip } from './zip.mjs';

const libtensorflowVersion = '2.9.1';
const probeLimitS = 10;
const downloadLimitS = 1200;

/** Folder of the binding inside the package: `lib/napi-v8` is the highest that tfjs-node 4.22 knows. */
const bindingPath = path.join('lib', 'napi-v8', 'tfjs_binding.node');

/**
 * The vendor's own install script, or a mirror when `TFJS_NODE_CDN_STORAGE` names one. The script sets no time limit,
 * so the host is asked first and the script is ended at a limit.
 */
export async function fromVendor(packageDir, home) {
  const mirror = process.env.TFJS_NODE_CDN_STORAGE;
  const host = mirror ?? 'https://storage.googleapis.com/';
  const name = mirror === undefined ? 'the vendor' : 'the mirror';
  if (!host.endsWith('/')) return { name, reason: `TFJS_NODE_CDN_STORAGE=${host} must end with a slash` };
  const platform =
    { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform] ?? process.platform;
  const arch = process.arch === 'x64' ? 'x86_64' : process.arch;
  const suffix = process.platform === 'win32' ? 'zip' : 'tar.gz';
  const file =
    process.arch === 'arm64' && process.platform !== 'win32'
      ? `tf-builds/libtensorflow_r2_7_${platform}_arm64${platform === 'darwin' ? '_cpu' : ''}.tar.gz`
      : `tensorflow/libtensorflow/libtensorflow-cpu-${platform}-${arch}-${libtensorflowVersion}.${suffix}`;
  try {
    const answer = await fetch(host + file, {
      method: 'HEAD',
      signal: AbortSignal.timeout(probeLimitS * 1000),
    });
    if (!answer.ok) return { name, reason: `${host}${file} answers ${answer.status}` };
  } catch (error) {
    return { name, reason: `${host} cannot be reached (${error.cause?.code ?? error.name})` };
  }
  const install = await runProgram(process.execPath, ['scripts/install.js'], {
    cwd: packageDir,
    limitS: downloadLimitS,
  });
  if (!existsSync(path.join(packageDir, 'deps', 'lib'))) {
    return { name, reason: install.reason || 'its archive holds no library' };
  }
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await cp(path.join(packageDir, 'deps'), path.join(home, 'deps'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const prebuilt = process.platform === 'linux' ? findBinding(packageDir) : path.join(packageDir, 'lib');
  if (prebuilt !== undefined && existsSync(prebuilt)) {
    await cp(path.join(packageDir, 'lib'), path.join(home, 'lib'), { recursive: true, dereference: true });
    return { name, reason: '', detail: `libtensorflow from ${host}` };
  }
  const reason = await compileBinding(packageDir, home);
  return { name, reason, detail: `libtensorflow from ${host}, binding compiled here` };
}

/** A `tensorflow-cpu` wheel: the file that was given, or the one that pip finds in its indexes. Linux only. */
export async function fromWheel(packageDir, home, wheelFile) {
  const name = wheelFile === undefined ? 'pip' : 'the wheel';
  if (process.platform !== 'linux')
    return { name, reason: 'only Linux wheels hold the library in a usable form' };
  if (wheelFile !== undefined && !existsSync(wheelFile))
    return { name, reason: `${wheelFile} does not exist` };
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'voxtally-tf-'));
  try {
    const wheel = wheelFile ?? (await downloadWheel(scratch));
    if (typeof wheel !== 'string') return { name, reason: wheel.reason };
    await rm(home, { recursive: true, force: true });
    const lib = path.join(home, 'deps', 'lib');
    const wanted = /^tensorflow\/(libtensorflow_cc\.so\.2|libtensorflow_framework\.so\.2)$/;
    const header = /^tensorflow\/include\/((?:tensorflow|tsl|xla)\/.*\.(?:h|inc))$/;
    let libraries = 0;
    await extractZip(wheel, (member) => {
      const library = wanted.exec(member)?.[1];
      if (library !== undefined) libraries += 1;
      if (library !== undefined) return path.join(lib, library);
      const include = header.exec(member)?.[1];
      return include === undefined || include.includes('..')
        ? undefined
        : path.join(home, 'deps', 'include', include);
    });
    if (libraries !== 2)
      return { name, reason: `${path.basename(wheel)} does not hold TensorFlow's two libraries` };
    await runProgram('strip', ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'], {
      cwd: lib,
      limitS: 300,
    });
    for (const link of [
      'libtensorflow.so',
      'libtensorflow.so.2',
      `libtensorflow.so.${libtensorflowVersion}`,
    ]) {
      await symlink('libtensorflow_cc.so.2', path.join(lib, link));
    }
    for (const link of ['libtensorflow_framework.so', `libtensorflow_framework.so.${libtensorflowVersion}`]) {
      await symlink('libtensorflow_framework.so.2', path.join(lib, link));
    }
    const reason = await compileBinding(packageDir, home);
    return { name, reason, detail: `libraries of ${path.basename(wheel)}, binding compiled here` };
  } catch (error) {
    return { name, reason: error.message };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function downloadWheel(folder) {
  const flags = [
    '--no-deps',
    '--only-binary=:all:',
    '--retries',
    '1',
    '--timeout',
    '15',
    '--disable-pip-version-check',
  ];
  const args = ['-m', 'pip', 'download', ...flags, '--dest', folder, 'tensorflow-cpu'];
  const download = await runProgram('python3', args, { limitS: downloadLimitS });
  const wheel = readdirSync(folder).find((file) => file.endsWith('.whl'));
  return download.ok && wheel !== undefined
    ? path.join(folder, wheel)
    : { reason: download.reason || 'pip gave no wheel' };
}

/** Compiles the package's own binding against `home/deps`; one compiler call, Node-API headers only. Returns the reason of a failure. */
async function compileBinding(packageDir, home) {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'voxtally-napi-'));
  try {
    const shipped = path.join(path.dirname(process.execPath), '..', 'include', 'node');
    let headers = shipped;
    if (!existsSync(path.join(shipped, 'node_api.h'))) {
      const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', scratch];
      const install = await runProgram('npm', ['install', ...flags, 'node-api-headers'], {
        cwd: scratch,
        limitS: 120,
      });
      if (!install.ok) return `no Node-API headers: ${install.reason}`;
      headers = path.join(scratch, 'node_modules', 'node-api-headers', 'include');
    }
    const binding = path.join(home, bindingPath);
    await mkdir(path.dirname(binding), { recursive: true });
    const sources = readdirSync(path.join(packageDir, 'binding')).filter((file) => file.endsWith('.cc'));
    const lib = path.join(home, 'deps', 'lib');
    const args = ['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-I', headers];
    args.push('-I', path.join(home, 'deps', 'include'));
    args.push(...sources.map((file) => path.join(packageDir, 'binding', file)), '-o', binding);
    args.push('-L', lib, '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib');
    const compiler = process.env.CXX ?? 'g++';
    const compile = await runProgram(compiler, args, { limitS: 300 });
    await rm(path.join(home, 'deps', 'include'), { recursive: true, force: true });
    return compile.ok ? '' : `the binding could not be compiled: ${compile.reason}`;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function findBinding(packageDir) {
  const lib = path.join(packageDir, 'lib');
  if (!existsSync(lib)) return undefined;
  const found = readdirSync(lib, { recursive: true }).find((file) =>
    String(file).endsWith('tfjs_binding.node'),
  );
  return found === undefined ? undefined : path.join(lib, String(found));
}
