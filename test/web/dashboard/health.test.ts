import { expect, test } from 'vitest';
import { healthRoutes } from '../../../src/web/dashboard/health.ts';

test('health fails where pages cannot be served, and asks Redis for nothing then', async () => {
  let pings = 0;
  const ping = async () => {
    pings++;
  };
  const missing = () => {
    throw new Error('ENOENT: base.css');
  };
  const broken = await healthRoutes(ping, missing).request('/healthz');
  expect([broken.status, await broken.json()]).toEqual([503, { status: 'pages cannot be served' }]);
  expect(pings).toBe(0);
  const whole = await healthRoutes(ping, () => {}).request('/healthz');
  expect([whole.status, await whole.json()]).toEqual([200, { status: 'ok' }]);
});
