import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { configSchema, defaultConfig, type SettingMeta } from '../../src/settings/schema.ts';

const yaml = readFileSync(new URL('../../config/default.yaml', import.meta.url), 'utf8');

/** Every setting by its path, with what it allows. */
function settings(): { path: string; allowed: string }[] {
  const list = (shape: Record<string, z.ZodType>, prefix: string) =>
    Object.entries(shape).map(([key, setting]) => ({
      path: prefix + key,
      allowed: (setting.meta() as SettingMeta | undefined)?.allowed ?? '',
    }));
  const { tile, redis } = configSchema.shape;
  return [
    ...list(configSchema.shape, ''),
    ...list(tile.unwrap().shape, 'tile.'),
    ...list(redis.unwrap().shape, 'redis.'),
  ];
}

/** The comment that stands directly above each key of the YAML file, on one line. */
function commentsByPath(text: string): Map<string, string> {
  const comments = new Map<string, string>();
  let comment: string[] = [];
  let group = '';
  for (const line of text.split('\n')) {
    const key = /^( *)([A-Za-z]+):/.exec(line);
    if (line.trim() === '') comment = [];
    else if (line.trim().startsWith('#')) comment.push(line.trim().slice(1).trim());
    else if (key) {
      const path = key[1] === '' ? key[2]! : `${group}.${key[2]}`;
      if (key[1] === '') group = key[2]!;
      comments.set(path, comment.join(' '));
      comment = [];
    }
  }
  return comments;
}

test('the documented defaults are the defaults of the schema', () => {
  expect(configSchema.parse(parse(yaml))).toEqual(defaultConfig());
});

test('every setting is documented, and no other', () => {
  const documented = [...commentsByPath(yaml).keys()].sort();
  expect(documented).toEqual(
    settings()
      .map(({ path }) => path)
      .sort(),
  );
});

test.each(settings())(
  '$path is documented with its default and what the schema allows',
  ({ path, allowed }) => {
    const comment = commentsByPath(yaml).get(path)!;
    expect(allowed).not.toBe('');
    expect(comment).toContain(`Allowed: ${allowed}.`);
    if (path !== 'tile' && path !== 'redis') expect(comment).toMatch(/Default: \S/);
  },
);

test('the default that a comment names is the value below it', () => {
  for (const [path, comment] of commentsByPath(yaml)) {
    const named = /Default: (.+?)\. Allowed/.exec(comment)?.[1];
    if (named === undefined) continue;
    const key = path.split('.').at(-1);
    expect(yaml).toMatch(new RegExp(`^ *${key}: ${named.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'));
  }
});
