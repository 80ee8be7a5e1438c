import { Hono } from 'hono';
import { withinMs } from '../../engines/redis/connection.ts';

const timeoutMs = 2_000;
const freshMs = 1_000;

/**
 * `GET /healthz`: 200 while Redis answers, 503 otherwise. It needs no credentials and tells nothing else; asking often
 * costs one ping a second.
 */
export function healthRoutes(ping: () => Promise<unknown>): Hono {
  let until = 0;
  let healthy: Promise<boolean> = Promise.resolve(false);
  const ask = () => {
    const now = performance.now();
    if (now >= until) {
      until = now + freshMs;
      healthy = withinMs(timeoutMs, ping()).then(
        () => true,
        () => false,
      );
    }
    return healthy;
  };
  return new Hono().get('/healthz', async (context) =>
    (await ask())
      ? context.json({ status: 'ok' })
      : context.json({ status: 'redis does not answer' }, 503, { 'Retry-After': '5' }),
  );
}
