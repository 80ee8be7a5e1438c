import { Command } from 'commander';
import type { DashboardFlags } from '../run-dashboard.ts';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally dashboard --redis redis://queue:6379 --work-root /runs
  VOXTALLY_DASHBOARD_PASSWORD=... voxtally dashboard --host 0.0.0.0 --work-root /runs

Pages for people at /, bull-board at /queues, JSON at /api, Prometheus metrics at /metrics, health at /healthz.
It listens on this machine only, unless a password (HTTP Basic, any user name) or a token (HTTP Bearer) is set by
VOXTALLY_DASHBOARD_PASSWORD, VOXTALLY_DASHBOARD_TOKEN or from a file: at least 8 characters, 4 of them different, space at
the ends not counted. An address from which ten wrong ones came waits for a minute. Put a proxy with TLS before it on other networks.`;

export const dashboardCommand: DefineCommand = (_terminal, finish) => {
  const command = new Command('dashboard')
    .description('show runs, failures and workers of the queue in the browser until told to stop')
    .option('--config <file>', 'settings as YAML or JSON; flags override them')
    .option('--host <address>', 'interface to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', '8080')
    .option('--password-file <file>', 'file whose first line is the password')
    .option('--token-file <file>', 'file whose first line is the token')
    .option(
      '--allow-writes',
      'let pages cancel, retry and prioritise runs, and bull-board change jobs; needs a password or token',
    )
    .option(
      '--data-root <folder...>',
      'folders below which volumes may be read: cases of finished runs can be looked at',
    )
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info');
  return addSettingFlags(command, ['redis'])
    .addHelpText('after', help)
    .action(async (options: DashboardFlags) => {
      const { runDashboard } = await import('../run-dashboard.ts');
      finish(await runDashboard(options, process.env));
    });
};
