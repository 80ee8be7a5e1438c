/** The thread that has TensorFlow. It is started by the first case that is audited. */
import type { Piscina } from 'piscina';
import { threadFile } from '../base/package-files.ts';
import type { PackedError } from '../base/packed-error.ts';
import { threadFlags } from '../base/thread-flags.ts';
import type { CaseAudit } from '../run/audit/record.ts';
import { loadTfjsNode } from '../tfjs/tfjs-node.ts';
import type { AuditStep } from './audit-case.ts';

export class Auditor {
  readonly #dataRoots: readonly string[];
  #pool: Promise<Piscina> | undefined;

  /** `dataRoots`: the only folders below which it reads volumes; any when there are none. */
  constructor(dataRoots: readonly string[]) {
    this.#dataRoots = dataRoots;
  }

  async run(step: AuditStep, signal?: AbortSignal): Promise<{ value: CaseAudit } | { error: PackedError }> {
    this.#pool ??= this.#start();
    return (await this.#pool).run(step, signal ? { signal } : {});
  }

  async close(): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  async #start(): Promise<Piscina> {
    // A thread that is the first to load tfjs-node can crash the process at its end.
    loadTfjsNode();
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: threadFile('audit-thread.js'),
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      argv: [...this.#dataRoots],
      execArgv: threadFlags(),
    });
  }
}
