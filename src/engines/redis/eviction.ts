/** A server that makes room by deleting keys loses jobs without a word, and their cases would wait for them. */
import type { Redis } from 'ioredis';
import { MachineError } from '../../base/errors.ts';

/** @throws MachineError where any key may be deleted when memory is full. A server that does not say is believed. */
export async function checkKeepsJobs(redis: Pick<Redis, 'info'>, place: string): Promise<void> {
  const info = await redis.info('memory').catch(() => '');
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = fact('maxmemory_policy') ?? '';
  // Those of volatile-* delete keys that expire by themselves: locks and figures, which are made anew.
  if (Number(fact('maxmemory') ?? 0) === 0 || !policy.startsWith('allkeys-')) return;
  throw new MachineError(
    'redis-evicts',
    `Redis at ${place} deletes any key when its memory is full (maxmemory-policy ${policy}), and jobs would be lost: have it keep them by redis-cli CONFIG SET maxmemory-policy noeviction, and in its configuration`,
    { field: 'redis.url' },
  );
}
