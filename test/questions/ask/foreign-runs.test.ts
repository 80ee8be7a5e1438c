/** Folders that come from another site and are not what they say: told before anything is allocated or computed by them. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { UsageError } from '../../../src/base/errors.ts';
import { ask } from '../../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import { mergeRuns } from '../../../src/questions/merge/merge.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { getRecord, putRecord } from '../../../src/run/records.ts';
import { probability, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();

beforeAll(async () => {
  const cases = await Promise.all(
    ['a', 'b'].map((id, i) =>
      writeCase({ folder: path('data'), id, seed: i + 1, score: probability, channels: 2, labels: 3 }),
    ),
  );
  const config = { scores: 'probability', channels: 'independent', classes: { x: [1], y: [2] } } as const;
  await score(cases, { ...config, losses: 'all', keepShards: 'always' }, path('honest'));
});
beforeEach(() => {
  for (const name of ['crafted', 'out']) rmSync(path(name), { recursive: true, force: true });
  cpSync(path('honest'), path('crafted'), { recursive: true });
});

const loose = { version: 1, schema: z.looseObject({}) };

/** Changes a record and gives it the checksum that it must have. */
function alter(name: string, change: (record: Record<string, unknown>) => Record<string, unknown>): void {
  const store = localStore(path('crafted', 'work'));
  putRecord(store, name, loose, change(getRecord(store, name, loose)));
}

type Header = { about: { range: Record<string, number> }; sections: Record<string, number>[] };

/** Changes the header of the first shard, likewise. */
function alterShard(change: (header: Header) => void): void {
  const folder = path('crafted', 'work', 'shards');
  const file = join(folder, readdirSync(folder).sort()[0]!);
  const bytes = readFileSync(file);
  const length = bytes.readUInt32LE(12);
  const header = JSON.parse(bytes.subarray(20, 20 + length).toString()) as Header;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(bytes.subarray(0, 20));
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  rmSync(file);
  writeFileSync(file, Buffer.concat([prefix, text, bytes.subarray(20 + length)]));
}

async function refusals(): Promise<unknown[]> {
  const tries = [
    async () => ask(openFinishedRun(path('crafted')), { losses: 'focal(gamma=1.5)' }, { threads: 1 }),
    async () => mergeRuns({ runs: [openFinishedRun(path('crafted'))], outDir: path('out'), threads: 1 }),
  ];
  return Promise.all(
    tries.map((attempt) =>
      attempt().then(
        () => 'accepted',
        (error: unknown) => error,
      ),
    ),
  );
}

const shards: Record<string, (header: Header) => void> = {
  'the other class throughout': ({ about, sections }) => {
    about.range.class = 1;
    for (const section of sections) section.class = 1;
  },
  'sections of the other class': ({ sections }) => {
    for (const section of sections) section.class = 1;
  },
  'sides exchanged': ({ sections }) => {
    for (const section of sections) section.side = 1 - section.side!;
  },
  'a class that is none': ({ about }) => {
    about.range.class = 7;
  },
  'a range that is none': ({ about }) => {
    about.range.end = 0;
  },
  'a directory of 2^52 bytes': ({ sections }) => {
    sections[0]!.directoryBytes = 2 ** 52;
  },
  'payload beyond the file': ({ sections }) => {
    sections.at(-1)!.payloadBytes! += 1;
  },
  'more keys than voxels': ({ sections }) => {
    sections[0]!.keys! += 1;
  },
};
test.each(Object.entries(shards))('a shard with %s: ask and merge refuse it alike', async (_name, change) => {
  alterShard(change);
  for (const refusal of await refusals()) {
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as UsageError).code).toBe('shards-differ');
    expect((refusal as Error).message).toMatch(/crafted: case a: /);
  }
});

const records: Record<string, (record: Record<string, unknown>) => Record<string, unknown>> = {
  'a billion shards': (record) => ({ ...record, shards: 1e9 }),
  'fewer shards than there are no files of': (record) => ({ ...record, shards: -1 }),
  'the number of another case': (record) => ({ ...record, index: 1 }),
  'another volume': (record) => ({ ...record, shape: [1e5, 1e5, 1e5] }),
  'one class fewer': ({ tally, ...record }) => {
    const { classes, ...rest } = tally as { classes: unknown[] };
    return { ...record, tally: { ...rest, classes: classes.slice(1) } };
  },
  'sorted losses of other classes': (record) => ({ ...record, lovasz: [{ softmax: 0, hinge: 0 }] }),
};
test.each(Object.entries(records))('a record with %s is refused', async (_name, change) => {
  alter('cases/000000.json', change);
  for (const refusal of await refusals()) {
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as UsageError).code).toBe('record-contradicts');
  }
});

test('an honest folder is accepted, whatever its run.json holds', async () => {
  writeFileSync(path('crafted', 'run.json'), '{');
  for (const result of await refusals()) expect(result).toBe('accepted');
});
