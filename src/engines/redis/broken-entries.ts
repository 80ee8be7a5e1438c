/** Whoever can write to Redis can write anything there: what cannot be read is removed and told. */
import type { ChainableCommander, Redis } from 'ioredis';

/** Told of the key of an entry that could not be read. */
export type OnBroken = (key: string) => void;

/** The answers of a pipeline; of a key that holds something else there is none, and the key is removed. */
export async function answersOf(
  redis: Redis,
  pipeline: ChainableCommander,
  keys: readonly string[],
  onBroken: OnBroken,
): Promise<unknown[]> {
  const answers = (await pipeline.exec()) ?? [];
  for (const [at, [error]] of answers.entries()) {
    if (!error) continue;
    if (!error.message.startsWith('WRONGTYPE')) throw error;
    const key = keys[at];
    if (key === undefined) continue;
    onBroken(key);
    await redis.del(key);
  }
  return answers.map(([error, value]) => (error ? undefined : value));
}
