import { loadConfig } from '../config/load-config.ts';
import { UsageError } from '../errors.ts';
import { type CaseSource, gatherCases } from './cases.ts';
import { interruptedStatus } from './interrupt.ts';
import { prepareOutDir } from './out-dir.ts';
import { settingsFromFlags } from './setting-flags.ts';
import type { Terminal } from './terminal.ts';

/** The flags of `score` that are not settings. */
export interface ScoreOptions extends CaseSource {
  readonly config?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `voxtally score`: everything is checked before the run's folder is touched. */
export async function runScore(options: ScoreOptions, terminal: Terminal): Promise<number> {
  const config = loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    flags: settingsFromFlags({ ...options }),
  });
  if (config.out === null) {
    throw new UsageError('out-missing', 'say where the results go: --out FOLDER', { field: 'out' });
  }
  const { cases, warnings } = gatherCases(options, config.missingPrediction);
  // The engine is loaded once there is something to run.
  const { executeRun } = await import('./execute-run.ts');
  const [resume, overwrite] = [options.resume === true, options.overwrite === true];
  prepareOutDir(config.out, { resume, overwrite });
  const report = await executeRun({ cases, config, outDir: config.out, resume, warnings }, terminal, {
    json: options.json === true,
    quiet: options.quiet === true,
  });
  return report?.exitStatus ?? interruptedStatus;
}
