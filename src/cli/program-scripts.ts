/**
 * Loads the scripts of the program (scripts/bundle.mjs), together with what V8 compiled of them in an earlier run: to compile
 * them is a third of the time of a short command. That lies beside them, as Python keeps its bytecode, so that whoever may write it
 * may write the program as well; where the folder is read-only, scripts are compiled each time.
 */
import type { Script } from 'node:vm';

// An import of a module of Node would read all that it exports first.
const { readFileSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
const { createRequire } = process.getBuiltinModule('node:module');
const { fileURLToPath } = process.getBuiltinModule('node:url');
const vm = process.getBuiltinModule('node:vm');
const { crc32 } = process.getBuiltinModule('node:zlib');

interface LoadedScript {
  readonly module: { readonly exports: object };
  readonly script: Script;
  readonly source: Buffer;
  /** Nothing compiled of it was there that this V8 takes; a build of the same version with other flags leaves what it does not. */
  readonly isNew: boolean;
}

/** What a script is: a function of what modules of Node are given. Scripts name each other as `./NAME.js`. */
type Wrapper = (exports: object, require: (id: string) => unknown, module: object, url: string) => void;

/** CRC-32 of the source and of what was compiled of it. */
const headerBytes = 8;

export class ProgramScripts {
  readonly #url: string;
  readonly #requireOther: NodeJS.Require;
  readonly #loaded = new Map<string, LoadedScript>();
  /** Of the folder `program` beside the file of this URL. */
  constructor(url: string) {
    this.#url = url;
    this.#requireOther = createRequire(url);
  }

  /** What a script exports. */
  load(name: string): object {
    const known = this.#loaded.get(name);
    if (known) return known.module.exports;
    const filename = this.#path(`${name}.js`);
    const source = readFileSync(filename);
    const cachedData = this.#readCompiled(name, source);
    // Scripts are ASCII.
    const script = new vm.Script(source.toString('latin1'), { filename, ...(cachedData && { cachedData }) });
    const module = { exports: {} };
    this.#loaded.set(name, { module, script, source, isNew: script.cachedDataRejected !== false });
    const run = script.runInThisContext() as Wrapper;
    run(module.exports, (id) => this.#require(id), module, this.#url);
    return module.exports;
  }

  /**
   * Leaves to later starts what is compiled by now, where nothing is there yet and the folder can be written to. V8 takes only what
   * was compiled under the same flags: a process that was given some leaves nothing.
   */
  keepCompiled(): void {
    if (process.execArgv.length > 0 || process.env.NODE_OPTIONS) return;
    for (const [name, { script, source, isNew }] of this.#loaded) {
      if (!isNew) continue;
      const path = this.#compiledPath(name);
      const temporary = `${path}.${Math.random().toString(36).slice(2)}.tmp`;
      try {
        const compiled = script.createCachedData();
        const header = Buffer.alloc(headerBytes);
        header.writeUInt32LE(crc32(source), 0);
        header.writeUInt32LE(crc32(compiled), 4);
        writeFileSync(temporary, Buffer.concat([header, compiled]), { flag: 'wx' });
        renameSync(temporary, path);
      } catch {
        rmSync(temporary, { force: true });
        return;
      }
    }
  }

  #require(id: string): unknown {
    const [, own] = /^\.\/(.+)\.js$/.exec(id) ?? [];
    return own === undefined ? this.#requireOther(id) : this.load(own);
  }

  #path(file: string): string {
    return fileURLToPath(new URL(`program/${file}`, this.#url));
  }

  #compiledPath(name: string): string {
    return this.#path(`${name}.${process.version}-${process.arch}.compiled`);
  }

  /** Undefined where there is nothing whole of this source: V8 itself compares the length of the source and no more. */
  #readCompiled(name: string, source: Buffer): Buffer | undefined {
    let file: Buffer;
    try {
      file = readFileSync(this.#compiledPath(name));
    } catch {
      return undefined;
    }
    if (file.length < headerBytes || file.readUInt32LE(0) !== crc32(source)) return undefined;
    const compiled = file.subarray(headerBytes);
    return file.readUInt32LE(4) === crc32(compiled) ? compiled : undefined;
  }
}
