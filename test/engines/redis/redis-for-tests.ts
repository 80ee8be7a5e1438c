import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { RedisServer } from './redis-server.ts';
import { TestCluster, type TestClusterOptions } from './test-cluster.ts';

export interface RedisForTests {
  readonly server: RedisServer;
  /** A client of the server. */
  readonly client: Redis;
  /** A cluster that ends with its test. */
  cluster(options: TestClusterOptions): Promise<TestCluster>;
}

/** A Redis of this test file's own, removed after its tests. */
export function redisForTests(): RedisForTests {
  let server: RedisServer;
  let client: Redis | undefined;
  const clusters: TestCluster[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const cluster of clusters.splice(0)) await cluster.remove();
  });
  afterAll(async () => {
    client?.disconnect();
    await server.remove();
  });
  return {
    get server() {
      return server;
    },
    get client() {
      client ??= new Redis(server.url, { maxRetriesPerRequest: null });
      return client;
    },
    async cluster(options) {
      const cluster = await TestCluster.make(server, options);
      clusters.push(cluster);
      return cluster;
    },
  };
}
