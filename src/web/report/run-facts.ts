/** What run.json tells of a run, as far as a report shows it. Another version of the file loses facts, not the report. */
import * as z from 'zod';
import { localStore } from '../../run/open-store.ts';
import { readText } from '../../run/records.ts';

const runFacts = z.object({
  voxtally: z.string().catch('unknown'),
  node: z.string().catch('unknown'),
  platform: z.string().catch('unknown'),
  machine: z
    .object({ processor: z.string(), processors: z.number(), memoryBytes: z.number() })
    .optional()
    .catch(undefined),
  startedAt: z.string().optional().catch(undefined),
  seconds: z.number().optional().catch(undefined),
  engine: z.string().optional().catch(undefined),
  threads: z.number().optional().catch(undefined),
  settings: z.looseObject({ decisions: z.array(z.string()).catch([]) }).catch({ decisions: [] }),
  configuration: z.record(z.string(), z.unknown()).catch({}),
  warnings: z.array(z.string()).catch([]),
});

export type RunFacts = z.infer<typeof runFacts>;

export function readRunFacts(outDir: string): RunFacts {
  return runFacts.parse(JSON.parse(readText(localStore(outDir), 'run.json') ?? '{}'));
}
