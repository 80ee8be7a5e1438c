import { Command } from 'commander';
import type { WorkerOptions } from '../run-worker.ts';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

const help = `
Example:
  voxtally worker --redis redis://queue:6379 --data-root /data --work-root /runs

SIGTERM and SIGINT end the worker within --grace: it finishes what it has, or hands it back; a second one ends it at once.
Logs are JSON lines on standard error; they name runs, cases and tiles by number and no file.`;

export const workerCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('worker')
    .description('serve the queue: plan, score and reduce until told to stop')
    .requiredOption('--data-root <folder...>', 'folders below which volumes may be read')
    .option('--config <file>', 'settings as YAML or JSON; flags override them')
    .option('--grace <seconds>', 'time to finish what is at hand when told to stop', '60')
    .option('--lock-ms <ms>', 'a job is given to another worker when this one is silent for so long', '30000')
    .option('--job-voxels <n>', 'voxels of a tile job: small tiles are batched up to these', '4194304')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info');
  return addSettingFlags(command, ['redis', 'memory', 'threads'])
    .addHelpText('after', help)
    .action(async (options: WorkerOptions) => {
      const { runWorker } = await import('../run-worker.ts');
      finish(await runWorker(options, terminal));
    });
};
