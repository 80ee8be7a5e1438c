import type { z } from 'zod';
import { didYouMean } from '../base/did-you-mean.ts';
import { configSchema, type SettingMeta } from './schema.ts';

type Path = readonly PropertyKey[];

/** One line a mistake: where it is, what was given, what is allowed. `source` says who gave the setting of a path. */
export function describeMistakes(
  issues: readonly z.core.$ZodIssue[],
  source: (path: Path) => string,
): string[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...issue.path, key], source))
      : [badValue(issue, source)],
  );
}

/** `['tile', 'shape', 1]` as `tile.shape[1]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
}

function badValue(issue: z.core.$ZodIssue, source: (path: Path) => string): string {
  const { allowed, secret } = metaAt(issue.path);
  const given = secret ? '(hidden)' : formatGiven(issue.input);
  const remark =
    issue.code === 'custom'
      ? issue.message
      : issue.code === 'invalid_key'
        ? issue.issues[0]?.message
        : undefined;
  const because = remark === undefined ? '' : ` (${remark})`;
  return `${formatPath(issue.path)} (${source(issue.path)}): given ${given}${because}; allowed: ${allowed}`;
}

function unknownKey(path: Path, source: (path: Path) => string): string {
  const known = Object.keys(shapeAt(path.slice(0, -1)) ?? {});
  const guess = didYouMean(String(path.at(-1)), known);
  const where = `${formatPath(path)} (${source(path)}): no such setting`;
  return guess === undefined ? `${where}; allowed: ${known.join(', ')}` : `${where}; did you mean ${guess}?`;
}

function formatGiven(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** What the deepest documented setting on a path allows. */
function metaAt(path: Path): SettingMeta {
  let meta: SettingMeta = { allowed: 'a map of settings' };
  for (let depth = 1; depth <= path.length; depth++) {
    const setting = shapeAt(path.slice(0, depth - 1))?.[String(path[depth - 1])];
    if (setting === undefined) break;
    meta = (setting.meta() as SettingMeta | undefined) ?? meta;
  }
  return meta;
}

type Shape = Readonly<Record<string, z.ZodType>>;

/** The settings of the group at a path: the root's, `tile`'s or `redis`'s. */
function shapeAt(path: Path): Shape | undefined {
  if (path.length === 0) return configSchema.shape;
  const groups: Readonly<Record<string, Shape>> = {
    tile: configSchema.shape.tile.unwrap().shape,
    redis: configSchema.shape.redis.unwrap().shape,
  };
  return path.length === 1 ? groups[String(path[0])] : undefined;
}
