/** Connections to Redis: every one notices by itself when its server has fallen silent. */
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { MachineError, UsageError } from '../../base/errors.ts';
import { parseRedisAddress } from '../../settings/redis-address.ts';
import { redisFault } from './redis-faults.ts';

/**
 * A reply that takes longer means that the connection is dead, whatever TCP says (a firewall that has forgotten it sends
 * no reset): it is made anew and the commands are sent again. The queue's blocking commands last 10 s at most.
 */
const silenceMs = 12_000;
const keepAliveMs = 30_000;

/** What the queue does to keys, so that a refusal is told at the start. */
const tryOut = `
redis.call('hset', KEYS[1], 'a', 1)
redis.call('zadd', KEYS[2], 1, 'a')
redis.call('xadd', KEYS[3], '*', 'a', 1)
for _, key in ipairs(KEYS) do redis.call('pexpire', key, 1) end`;

export interface ConnectOptions {
  readonly onError?: (error: Error) => void;
  /** Commands are given up after so long, also while the server is away; by default they wait for it. */
  readonly commandTimeoutMs?: number;
}

/**
 * A connection that waits for its server: commands are kept while the server is away and sent when it is back.
 * `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS (own authorities by NODE_EXTRA_CA_CERTS).
 */
export function connect(url: string, { onError = () => {}, commandTimeoutMs }: ConnectOptions = {}): Redis {
  const redis = new Redis({
    ...addressOptions(url),
    maxRetriesPerRequest: null,
    socketTimeout: silenceMs,
    keepAlive: keepAliveMs,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), 2000),
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }),
  });
  redis.on('error', onError);
  return redis;
}

/**
 * A connection and all that the queue makes of it for its blocking commands: those are not handed out, and one that waits
 * for a server that is gone would keep the process alive for ever.
 */
export class Connections {
  readonly redis: Redis;
  readonly #all: Redis[] = [];

  constructor(url: string, onError: (error: Error) => void) {
    this.redis = this.#track(connect(url, { onError }));
  }

  /** Ends them at once; what waits for an answer is rejected. */
  close(): void {
    for (const redis of this.#all) redis.disconnect();
  }

  #track(redis: Redis): Redis {
    this.#all.push(redis);
    const { duplicate } = redis;
    redis.duplicate = (...options) => this.#track(duplicate.apply(redis, options));
    return redis;
  }
}

/** @throws UsageError that repeats nothing of the address: it may hold a password. */
function addressOptions(url: string) {
  const address = parseRedisAddress(url);
  if ('mistake' in address) {
    throw new UsageError('redis-address', `the address of Redis: ${address.mistake}`, { field: 'redis.url' });
  }
  const { host, port, username, password, database, tls } = address;
  return {
    ...{ host, port, db: database },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    // An address of numbers is no name that a certificate is asked for by.
    ...(tls ? { tls: isIP(host) ? {} : { servername: host } } : {}),
  };
}

/** Host and port of an address, for messages. */
export function placeOf(url: string): string {
  const address = parseRedisAddress(url);
  return 'mistake' in address ? 'the address given' : `${address.host}:${address.port}`;
}

/**
 * A connection for commands that somebody waits for. It is tried with what the queue does: scripts over several keys that
 * begin with `prefix`. @throws MachineError when no server answers within `waitMs`, or when it refuses.
 */
export async function connectNow(
  { url, prefix }: { readonly url: string; readonly prefix: string },
  waitMs = 5000,
): Promise<Redis> {
  let last: Error | undefined;
  const redis = connect(url, {
    onError: (error) => {
      last = error;
    },
    commandTimeoutMs: waitMs,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(last ?? new Error('no answer')), waitMs);
  });
  try {
    const keys = ['a', 'b', 'c'].map((name) => `${prefix}:check:${name}`);
    const tried = redis.eval(tryOut, keys.length, ...keys);
    tried.catch(() => {});
    await Promise.race([tried, late]);
    return redis;
  } catch (error) {
    redis.disconnect();
    const cause = last && isSilence(error) ? last : error;
    throw (isSilence(cause) ? undefined : redisFault(cause, placeOf(url))) ?? unreachable(url, cause);
  } finally {
    clearTimeout(timer);
  }
}

function isSilence(error: unknown): boolean {
  return /timed out|no answer|closed/i.test((error as Error).message);
}

function unreachable(url: string, cause: unknown): MachineError {
  return new MachineError(
    'redis-unreachable',
    `Redis at ${placeOf(url)} cannot be used: ${isSilence(cause) ? 'no answer' : (cause as Error).message || 'connection refused'}; ${remedyOf(url, cause)}`,
    { field: 'redis.url', cause },
  );
}

/** What helps where no connection comes about: TLS at one end only gives no reason that says so. */
function remedyOf(url: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const address = parseRedisAddress(url);
  const isTls = !('mistake' in address) && address.tls;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'name it as its certificate does';
  if (isTls && /certificate|self-signed/i.test(message)) {
    return 'give the certificate of its authority by NODE_EXTRA_CA_CERTS=FILE';
  }
  if (isTls && (isSilence(cause) || /SSL|TLS/.test(message))) {
    return 'start it, or write redis:// if it has no TLS';
  }
  if (!isTls && /ECONNRESET|EPIPE/.test(`${code} ${message}`)) {
    return 'write rediss:// if it wants TLS, or look at its log';
  }
  return 'start it, or name it by --redis';
}

/** The answer, or a MachineError when it takes longer than `waitMs`. */
export async function withinMs<T>(waitMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new MachineError('redis-silent', `Redis has not answered within ${waitMs} ms`)),
      waitMs,
    );
  });
  answer.catch(() => {});
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
