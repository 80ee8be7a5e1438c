/** What `run.json` holds: all that may differ between two runs of the same. docs/run.schema.json is made from here. */
import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { engineNames } from '../settings/schema.ts';

export const runVersion = 1;

const count = z.int().min(0);
const time = z.iso.datetime().describe('UTC');
const file = z
  .strictObject({
    file: z.string().describe('As it was given.'),
    bytes: count.nullable(),
    modified: time.nullable(),
  })
  .meta({
    id: 'file',
    description: 'A volume as it was at the end of the run; null where it could not be asked.',
  });

const program = {
  version: z.literal(runVersion).describe('Version of this layout.'),
  voxtally: z.string().describe('Version of the program.'),
  node: z.string(),
};
const settings = z
  .looseObject({ scores: z.string(), channels: z.string() })
  .describe('The settings as the run resolved them, with nothing left to auto.');

const scored = z
  .strictObject({
    ...program,
    platform: z.string(),
    machine: z.strictObject({ processor: z.string(), processors: count, memoryBytes: count }),
    startedAt: time,
    seconds: z.number().min(0),
    engine: z.enum(engineNames),
    threads: count,
    threadSeconds: z
      .strictObject({
        computing: z.number().min(0),
        files: z.number().min(0).describe('Waiting for files.'),
        jobs: z.number().min(0).describe('Waiting for something to do, or for volumes being inflated.'),
      })
      .describe('What all threads of the run together spent their time on; not told of runs on a queue.')
      .exactOptional(),
    settings,
    configuration: z
      .looseObject({})
      .describe('The settings as they were given; config/default.yaml explains each.'),
    warnings: z.array(z.string()),
    inputs: z.array(
      z.strictObject({
        case: z.string(),
        predictions: z.array(file),
        reference: file,
        image: file.exactOptional(),
      }),
    ),
  })
  .meta({ id: 'scoredRun' });

const merged = z
  .strictObject({
    ...program,
    mergedAt: time,
    settings,
    without: z.array(z.string()).describe('Cases that were withdrawn.'),
    runs: z.array(
      z.strictObject({
        folder: z.string(),
        cases: count,
        run: z.unknown().describe('The run.json of that run; null where it could not be read.'),
      }),
    ),
  })
  .meta({ id: 'mergedRun' });

export const runSchema = z.union([scored, merged]).meta({
  title: 'Provenance of a run',
  description: 'run.json of a score or of a merge.',
});

export type ScoredRunDocument = DeepReadonly<z.infer<typeof scored>>;
export type MergedRunDocument = DeepReadonly<z.infer<typeof merged>>;
