/**
 * Every setting of a run: its type, its default and the values it may have. `config/default.yaml` explains each in
 * full; a test keeps the two equal. Units are in the names; shapes are `[x, y, z]`.
 */

import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseAudit } from './audit-choice.ts';
import { parseRedisAddress } from './redis-address.ts';
import { measureNames, presetNames } from './shape-names.ts';
import {
  connectivity,
  emptyDistance,
  matchIou,
  percentileList,
  preset,
  tolerances,
} from './shape-settings.ts';
import {
  readClasses,
  readFraction,
  readLabels,
  readList,
  readNumber,
  readNumberOrNone,
  readNumbers,
  readShape,
  readSize,
  readTolerances,
  readWords,
} from './text-forms.ts';

/** What a report of a mistake says of a setting. */
export interface SettingMeta {
  /** The values that the setting may have, in words. */
  readonly allowed: string;
  /** The value may hold a password and is never shown. */
  readonly secret?: boolean;
}

const kibi = 2 ** 10;

function oneOf<const V extends readonly [string, ...string[]]>(values: V, byDefault: NoInfer<V[number]>) {
  return z
    .enum(values)
    .default(byDefault as never)
    .meta({ allowed: values.join(', ') });
}

function flag(byDefault: boolean) {
  return z.boolean().default(byDefault).meta({ allowed: 'true, false' });
}

function integer(min: number, max: number, byDefault: number) {
  return z
    .preprocess(readNumber, z.int().min(min).max(max))
    .default(byDefault)
    .meta({ allowed: `an integer from ${min} to ${max}` });
}

function number(schema: z.ZodNumber, byDefault: number, allowed: string) {
  return z.preprocess(readNumber, schema).default(byDefault).meta({ allowed });
}

/** A line that pages show. */
function shownText() {
  return z
    .string()
    .trim()
    .min(1)
    .max(120)
    .regex(/^[^\p{Cc}]*$/u)
    .nullable()
    .default(null)
    .meta({ allowed: 'null (none), or a line of at most 120 characters' });
}

/**
 * A label that is named. Files hold labels up to 64 bits, but a number in a configuration is exact to 2^53 only: larger
 * ones are classes of their own where no class is named.
 */
const label = z
  .number()
  .refine(
    (value) => Number.isSafeInteger(value) || !Number.isInteger(value),
    `labels above ${Number.MAX_SAFE_INTEGER} cannot be named, since numbers of a configuration are exact to there only; of label maps without named classes each label is a class`,
  )
  .pipe(z.int());

/** Printable, and safe as a key, a CSV cell and a part of `--classes`. */
const className = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N} _.+/()&:'-]{0,63}$/u,
    "a name starts with a letter or a digit and goes on with those, spaces and _ . + / - ( ) & : ', 64 characters at most",
  );

const labelSet = z
  .array(label)
  .min(1)
  .refine((labels) => new Set(labels).size === labels.length, 'a label is listed twice');

const classes = z
  .preprocess((value, context) => {
    const map = readClasses(value);
    // A record drops this key without a word.
    if (typeof map === 'object' && map !== null && Object.hasOwn(map, '__proto__')) {
      context.addIssue('a class cannot be named __proto__');
    }
    return map;
  }, z.record(className, labelSet).nullable())
  .refine((map) => map === null || Object.keys(map).length > 0, 'no class is named')
  .default(null)
  .meta({
    allowed: 'null (auto), or integer labels by name such as WT: [1, 2, 3], as a flag WT=1,2,3;TC=2,3',
  });

/** Who does the work of a run. */
export const engineNames = ['embedded', 'redis'] as const;

export const configSchema = z.strictObject({
  // What the files hold.
  scores: oneOf(['auto', 'probability', 'logit', 'label'], 'auto'),
  channels: oneOf(['auto', 'exclusive', 'independent'], 'auto'),
  channelLabels: z
    .preprocess(readLabels, labelSet.nullable())
    .default(null)
    .meta({ allowed: 'null (auto), or one label per channel such as 0,1,2,4' }),
  scale: z
    .preprocess(readFraction, z.number().positive())
    .default(1)
    .meta({ allowed: 'a number above 0, or a fraction such as 1/255' }),
  roundLabels: number(z.number().min(0).lt(0.5), 0, 'a number from 0 to below 0.5'),
  classes,
  ignoreLabel: z
    .preprocess(readNumberOrNone, label.nullable())
    .default(null)
    .meta({ allowed: 'null (none), or an integer label' }),
  labelNames: z
    .record(z.string().regex(/^\d{1,20}$/), z.string().regex(/^\P{C}{1,100}$/u))
    .nullable()
    .default(null)
    .meta({ allowed: 'null (none), or names by label such as 5: liver, as a flag the file that has them' }),
  unknownLabels: oneOf(['refuse', 'background'], 'refuse'),

  // What is computed.
  losses: z
    .preprocess(readList, z.string().trim().min(1))
    .default('all')
    .meta({ allowed: 'all, or a list of losses such as dice,tversky,lovasz-hinge' }),
  convention: oneOf(['pytorch', 'keras'], 'pytorch'),
  threshold: number(z.number().min(0).lt(1), 0.5, 'a probability from 0 to below 1'),
  fbeta: number(z.number().positive().max(100), 1, 'a number above 0, at most 100'),
  measures: z
    .preprocess(readWords, z.array(z.enum(measureNames)).min(1))
    .default(['overlap'])
    .meta({ allowed: 'a list of overlap, boundary, lesions' }),
  percentiles: z
    .preprocess(readNumbers, percentileList)
    .default([95])
    .meta({ allowed: 'up to 16 numbers above 0, at most 100, such as 95,99' }),
  nsdTolerancesMm: z
    .preprocess(readTolerances, tolerances)
    .default([1])
    .meta({ allowed: 'up to 16 numbers from 0 to 1000 such as 1,2, or by class: liver=2;kidney=1,3' }),
  emptyDistance: z
    .preprocess(readNumberOrNone, emptyDistance)
    .default(null)
    .meta({ allowed: 'null (undefined), diagonal, or a number from 0 to 1000000' }),
  connectivity: z.preprocess(readNumber, connectivity).default(26).meta({ allowed: '6, 18, 26' }),
  matchIou: number(matchIou, 0.5, 'a number from 0 to below 1'),
  lesionPreset: z
    .preprocess((value) => (value === 'none' ? null : value), preset.nullable())
    .default(null)
    .meta({ allowed: `null (none), or one of ${presetNames.join(', ')}` }),

  // What is let through the gate.
  probabilityTolerance: number(z.number().min(0).max(0.1), 1e-6, 'a number from 0 to 0.1'),
  clamp: flag(false),
  reorient: flag(false),
  geometryToleranceMm: number(z.number().min(0).max(10), 1e-3, 'a number from 0 to 10'),
  allowIdentical: flag(false),
  missingPrediction: oneOf(['fail-case', 'fail-run'], 'fail-case'),

  // How the work is cut and where it runs.
  tile: z
    .strictObject({
      shape: z
        .preprocess(readShape, z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).nullable())
        .default(null)
        .meta({ allowed: 'null (auto), or three integers x,y,z of at least 1' }),
      voxels: integer(1, 2 ** 27, 2 ** 22),
      bundle: integer(1, 2 ** 27, 2 ** 18),
    })
    .prefault({})
    .meta({ allowed: 'shape, voxels, bundle' }),
  memory: z
    .preprocess(
      readSize,
      z
        .int()
        .min(kibi ** 2)
        .max(2 ** 50),
    )
    .default(2 * kibi ** 3)
    .meta({ allowed: 'a size from 1MiB, with unit B, kB, MB, GB, KiB, MiB or GiB' }),
  threads: z
    .preprocess(readNumber, z.union([z.literal('auto'), z.int().min(1).max(256)]))
    .default('auto')
    .meta({ allowed: 'auto, or an integer from 1 to 256' }),
  stageAboveMiB: integer(0, 2 ** 30, 4096),
  mergeFanIn: integer(2, 256, 256),
  engine: oneOf(engineNames, 'embedded'),
  redis: z
    .strictObject({
      url: z
        .string()
        .superRefine((text, context) => {
          const address = parseRedisAddress(text);
          if ('mistake' in address) context.addIssue(address.mistake);
        })
        .default('redis://127.0.0.1:6379')
        .meta({ allowed: 'redis://[user:password@]host[:port][/db], or rediss:// for TLS', secret: true }),
      prefix: z
        .string()
        .regex(/^[\w:{}-]{1,64}$/)
        .default('{voxtally}')
        .meta({ allowed: '1 to 64 letters, digits and _ - : { }' }),
      workRoot: z.string().min(1).default('voxtally-runs').meta({ allowed: 'a folder' }),
    })
    .prefault({})
    .meta({ allowed: 'url, prefix, workRoot' }),

  // How the run is checked.
  audit: z
    .preprocess(
      (value) => (typeof value === 'number' ? String(value) : value),
      z.string().refine((text) => text === 'none' || parseAudit(text) !== undefined),
    )
    .default('none')
    .meta({ allowed: 'none, all, a share of the tiles such as 1%, or a number of tiles' }),

  // What is left behind.
  keepShards: oneOf(['auto', 'always', 'never'], 'auto'),
  keepShardsMaxMiB: integer(0, 2 ** 30, 100),
  out: z.string().min(1).nullable().default(null).meta({ allowed: 'null, or a folder' }),
  name: shownText(),
  model: shownText(),
  format: z
    .preprocess(readWords, z.array(z.enum(['json', 'parquet'])).min(1))
    .default(['json'])
    .meta({ allowed: 'a list of json, parquet' }),
});

/** The settings of a run, complete and checked: `memory` in bytes, `null` where a setting is automatic. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** Settings as a caller may write them: all optional. */
export type ConfigInput = z.input<typeof configSchema>;

/** The settings that apply when nothing is given. */
export function defaultConfig(): Config {
  // A parser that is compiled for this one value would take longer than all that it saves.
  return configSchema.parse({}, { jitless: true });
}
