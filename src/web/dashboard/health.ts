import { Hono } from 'hono';
import { withinMs } from '../../engines/redis/connection.ts';

const timeoutMs = 2_000;
const freshMs = 1_000;

/**
 * `GET /healthz`: 200 while pages can be served and Redis answers, 503 otherwise. It needs no credentials and tells nothing
 * else; asking often costs one ping a second. `checkPages` throws where pages cannot be served.
 */
export function healthRoutes(ping: () => Promise<unknown>, checkPages: () => void): Hono {
  let until = 0;
  let fault: Promise<string | undefined> = Promise.resolve(undefined);
  const ask = () => {
    const now = performance.now();
    if (now >= until) {
      until = now + freshMs;
      fault = currentFault(ping, checkPages);
    }
    return fault;
  };
  return new Hono().get('/healthz', async (context) => {
    const status = await ask();
    return status === undefined
      ? context.json({ status: 'ok' })
      : context.json({ status }, 503, { 'Retry-After': '5' });
  });
}

async function currentFault(
  ping: () => Promise<unknown>,
  checkPages: () => void,
): Promise<string | undefined> {
  try {
    checkPages();
  } catch {
    return 'pages cannot be served';
  }
  return withinMs(timeoutMs, ping()).then(
    () => undefined,
    () => 'redis does not answer',
  );
}
