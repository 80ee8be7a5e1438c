/** Servers and networks that fall silent: nobody waits for ever, and whoever is told to stop stops. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TcpProxy } from '../../faults/tcp-proxy.ts';
import { RedisServer } from './redis-server.ts';
import { TestCluster } from './test-cluster.ts';

/** They wait most of the time, so they wait at the same time: each has a server of its own. */
function silent(name: string, play: (cluster: TestCluster, server: RedisServer) => Promise<void>): void {
  test.concurrent(name, async () => {
    const server = await RedisServer.start();
    const cluster = await TestCluster.make(server, long);
    try {
      await play(cluster, server);
    } finally {
      await cluster.remove();
      await server.remove();
    }
  });
}

const long = { cases: 4, shape: [32, 32, 40], tileZ: 1 } as const;
/** What docs/reliability.md promises, and some seconds for a slow machine. */
const stopSeconds = 10 + 15;

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work;
  return (performance.now() - begin) / 1000;
}

for (const how of ['frozen', 'dead'] as const) {
  silent(
    `Redis is ${how}: a worker and a submitter that are told to stop end within 10 s, and no case is lost`,
    async (cluster, server) => {
      const expected = await cluster.expected();
      const worker = await cluster.worker({ fault: 'slow.mjs', arguments: ['--grace', '3600'] });
      const submitter = cluster.start(...cluster.scoreArguments('out'));
      await cluster.until(async () => ((await cluster.monitor.runs())[0]?.tilesDone ?? 0) > 3);
      if (how === 'frozen') server.freeze();
      else await server.kill();
      try {
        submitter.child.kill('SIGINT');
        worker.child.kill('SIGTERM');
        expect(await secondsOf(worker.ended)).toBeLessThan(stopSeconds);
        expect(await secondsOf(submitter.ended)).toBeLessThan(stopSeconds);
        expect(await submitter.ended).toEqual([130, null]);
        expect(worker.child.exitCode).toBe(0);
      } finally {
        if (how === 'frozen') server.thaw();
        else await server.restart();
      }
      await cluster.worker();
      await cluster.score('out', { resume: true });
      expect(cluster.results('out')).toBe(expected);
    },
  );
}

silent(
  'connections that a firewall forgot: worker and submitter notice, and the run ends by itself',
  async (cluster, server) => {
    const expected = await cluster.expected();
    const [near, far] = [await TcpProxy.start(server.port), await TcpProxy.start(server.port)];
    try {
      await cluster.worker({ fault: 'slow.mjs', url: `redis://127.0.0.1:${near.port}` });
      const submitter = cluster.start(...cluster.scoreArguments('out', `redis://127.0.0.1:${far.port}`));
      await cluster.until(async () => ((await cluster.monitor.runs())[0]?.tilesDone ?? 0) > 3);
      expect(near.connections).toBeGreaterThan(4);
      near.forget();
      far.forget();
      expect(await submitter.ended).toEqual([0, null]);
      expect(cluster.results('out')).toBe(expected);
    } finally {
      await Promise.all([near.close(), far.close()]);
    }
  },
);

silent(
  'a network that delays, cuts and answers to nothing, in turn: the run ends by itself',
  async (cluster, server) => {
    const expected = await cluster.expected();
    const proxy = await TcpProxy.start(server.port);
    const url = `redis://127.0.0.1:${proxy.port}`;
    try {
      await cluster.worker({ fault: 'slow.mjs', url });
      const submitter = cluster.start(...cluster.scoreArguments('out', url));
      for (const harm of [() => proxy.delay(50), () => proxy.halfOpen(), () => proxy.stall()]) {
        const tiles = (await cluster.monitor.runs())[0]?.tilesDone ?? 0;
        await cluster.until(async () => ((await cluster.monitor.runs())[0]?.tilesDone ?? 0) > tiles);
        harm();
        await delay(1500);
        proxy.resume();
        proxy.drop();
      }
      expect(await submitter.ended).toEqual([0, null]);
      expect(cluster.results('out')).toBe(expected);
    } finally {
      await proxy.close();
    }
  },
);

silent('Redis is away while the run ends: its folder tells the submitter', async (cluster, server) => {
  const expected = await cluster.expected();
  const proxy = await TcpProxy.start(server.port);
  try {
    await cluster.worker();
    const submitter = cluster.start(...cluster.scoreArguments('out', `redis://127.0.0.1:${proxy.port}`));
    await cluster.until(async () => ((await cluster.monitor.runs())[0]?.tilesDone ?? 0) > 3);
    proxy.stall();
    expect(await submitter.ended).toEqual([0, null]);
    expect(cluster.results('out')).toBe(expected);
  } finally {
    await proxy.close();
  }
});

silent('a submitter for which nothing moves says why, and ends', async (cluster) => {
  const submitter = cluster.start(...cluster.scoreArguments('out'), '--patience', '0.1');
  expect(await submitter.ended).toEqual([2, null]);
  expect(submitter.error).toContain('no worker serves this queue: start some with voxtally worker');
  expect(submitter.error).toMatch(/nothing has moved for \d+ s: .*--resume/);
});
