import { Redis } from 'ioredis';
import { MachineError } from '../../base/errors.ts';

/**
 * A connection that waits for its server: commands are kept while the server is away and sent when it is back.
 * `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS (own authorities by NODE_EXTRA_CA_CERTS).
 */
export function connect(url: string, onError: (error: Error) => void = () => {}): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 2000),
  });
  redis.on('error', onError);
  return redis;
}

/** A connection for a command that somebody waits for. @throws MachineError when there is no server within `waitMs`. */
export async function connectNow(url: string, waitMs = 5000): Promise<Redis> {
  let last: Error | undefined;
  const redis = connect(url, (error) => {
    last = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(last ?? new Error('no answer')), waitMs);
  });
  try {
    await Promise.race([redis.ping(), late]);
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw new MachineError(
      'redis-unreachable',
      `Redis at ${new URL(url).host} cannot be used: ${(cause as Error).message || 'connection refused'}; start it, or name it by --redis`,
      { field: 'redis.url', cause },
    );
  } finally {
    clearTimeout(timer);
  }
}
