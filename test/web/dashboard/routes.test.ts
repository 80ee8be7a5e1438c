import { describe, expect, test } from 'vitest';
import { createDashboard, type DashboardOptions } from '../../../src/web/dashboard/create-dashboard.ts';
import { html } from '../../../src/web/dashboard/html.ts';
import { shareMonitor } from '../../../src/web/dashboard/shared-monitor.ts';
import { bigRun, MemoryMonitor, MemoryRun, someWorkers } from './memory-monitor.ts';

const evil = `<img src=x onerror="alert('1')">&amp;`;

function dashboard(options: Partial<DashboardOptions> = {}) {
  const monitor = new MemoryMonitor();
  const run = monitor.add(bigRun());
  monitor.workerList = someWorkers();
  const { app } = createDashboard({ monitor, ping: async () => 'PONG', ...options });
  const get = async (path: string) => {
    const answer = await app.request(path);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { monitor, run, get };
}

test('what is put into a page is text, unless it is a piece of one', () => {
  expect(html`<p title="${evil}">${[html`<b>${evil}</b>`, 1, null, undefined, false]}</p>`.text).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;"><b>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;</b>1</p>',
  );
});

test('names, messages, classes, measures and workers with markup stay text', async () => {
  const { monitor, get } = dashboard();
  const run = monitor.add(new MemoryRun('r1', [evil, evil]));
  run.set(0, 'failed', { code: evil, message: evil });
  run.pooled = () => ({ cases: 1, classes: { [evil]: { losses: { [evil]: 0.5 }, metrics: {} } } });
  monitor.workerList = [{ ...someWorkers()[0]!, id: evil }];
  const { text } = await get('/runs/r1');
  expect(text).not.toContain('<img');
  expect(text.split('&lt;img src=x').length - 1).toBeGreaterThanOrEqual(8);
  expect(text).not.toMatch(/(href|src|data-events|data-status)="[^"]*img/);
});

test('a metric and a loss have names of their own', async () => {
  const { run, get } = dashboard();
  const { losses, metrics } = run.pooled().classes.tumour!;
  const { text } = await get('/runs/night-0412');
  const table = (label: string) => text.split(`aria-label="${label}, table"`)[1]!.split('</table>')[0]!;
  expect(table('Losses')).toContain(
    `<th scope="row">dice_loss</th><td class="number"><data value="${losses.dice_loss}"`,
  );
  expect(table('Metrics, higher is better')).toContain(
    `<th scope="row">dice</th><td class="number"><data value="${metrics.dice}"`,
  );
});

test('no address on a page carries a name', async () => {
  const { get } = dashboard();
  const { text } = await get('/runs/night-0412?status=failed');
  const addresses = [...text.matchAll(/(?:href|src|data-events)="([^"]*)"/g)].map(([, address]) => address!);
  expect(addresses.length).toBeGreaterThan(8);
  for (const address of addresses) expect(address).not.toContain('study');
});

test.each([
  '/',
  '/runs/night-0412',
  '/api/runs',
  '/metrics',
  '/healthz',
  '/nowhere',
  '/static/dashboard.css',
])('%s carries the security headers', async (path) => {
  const { headers } = await dashboard().get(path);
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  );
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect(headers.get('cache-control')).toBe(
    path.startsWith('/static') ? 'private, max-age=31536000, immutable' : 'no-store',
  );
});

describe('JSON', () => {
  test('runs, a run, its pooled values, workers', async () => {
    const { get, run } = dashboard();
    const json = async (path: string) => JSON.parse((await get(path)).text);
    expect(await json('/api/runs')).toEqual({ runs: [run.status()] });
    expect(await json('/api/runs/night-0412')).toEqual(run.status());
    expect(await json('/api/runs/night-0412/pooled')).toMatchObject({ cases: run.counts.ok });
    expect((await json('/api/workers')).workers).toHaveLength(3);
  });

  test('cases by page and status', async () => {
    const { get } = dashboard();
    const page = JSON.parse((await get('/api/runs/night-0412/cases?page=100')).text);
    expect(page).toMatchObject({ total: 10_000, page: 100, pageSize: 100 });
    expect(page.cases).toHaveLength(100);
    expect(page.cases[99]).toEqual({ index: 9_999, name: 'study-09999-t1c', status: 'waiting' });
    const failed = JSON.parse((await get('/api/runs/night-0412/cases?status=failed')).text);
    expect(failed.total).toBe(23);
    expect(failed.cases[0].error.code).toBe('truncated');
  });

  test.each([
    ['/api/runs/none', 404],
    ['/api/runs/none/cases', 404],
    ['/api/runs/none/pooled', 404],
    ['/api/runs/night-0412/cases?page=-1', 400],
    ['/api/runs/night-0412/cases?page=1.5', 400],
    ['/api/runs/night-0412/cases?status=all', 400],
    ['/api/events?run=a/b', 404],
  ])('%s gives %i', async (path, status) => expect((await dashboard().get(path)).status).toBe(status));
});

describe('metrics', () => {
  const queue = {
    name: 'tiles',
    getJobCounts: async () => ({ waiting: 12, active: 3 }),
    getMetrics: async (type: string) => ({ meta: { count: type === 'failed' ? 2 : 40 } }),
  };

  test('counts of runs, workers and queues, and no name of a case', async () => {
    const { metricsRoutes } = await import('../../../src/web/dashboard/metrics.ts');
    const monitor = new MemoryMonitor();
    const run = monitor.add(bigRun());
    const status = run.status();
    const tileTimes = { counts: [0, 2, 5, 0, 0, 0, 0, 0, 0, 0, 1], sumSeconds: 71.5 };
    run.status = () => ({ ...status, tileTimes });
    monitor.workerList = someWorkers();
    const answer = await metricsRoutes(monitor, [queue]).request('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of [
      'voxtally_cases{run="night-0412",status="failed"} 23',
      'voxtally_cases{run="night-0412",status="waiting"} 1755',
      `voxtally_tiles_total{run="night-0412"} ${4 * run.counts.ok}`,
      `voxtally_read_bytes_total{run="night-0412"} ${run.status().bytesRead}`,
      'voxtally_retries_total{run="night-0412"} 3',
      'voxtally_stalls_total{run="night-0412"} 1',
      'voxtally_workers{state="busy"} 2',
      'voxtally_workers{state="silent"} 1',
      'voxtally_thread_seconds_total{worker="worker-3f1c",doing="computing"} 5230.5',
      'voxtally_thread_seconds_total{worker="worker-3f1c",doing="files"} 310.25',
      'voxtally_thread_seconds_total{worker="worker-3f1c",doing="jobs"} 88',
      'voxtally_queue_jobs{queue="tiles",state="waiting"} 12',
      'voxtally_queue_jobs_ended_total{queue="tiles",outcome="failed"} 2',
      '# TYPE voxtally_tiles_total counter',
      '# TYPE voxtally_tile_seconds histogram',
      'voxtally_tile_seconds_bucket{run="night-0412",le="0.05"} 0',
      'voxtally_tile_seconds_bucket{run="night-0412",le="60"} 7',
      'voxtally_tile_seconds_bucket{run="night-0412",le="+Inf"} 8',
      'voxtally_tile_seconds_sum{run="night-0412"} 71.5',
      'voxtally_tile_seconds_count{run="night-0412"} 8',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).not.toContain('study');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('faults', () => {
  test('/healthz tells of Redis', async () => {
    const away = dashboard({ ping: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    expect(await away.get('/healthz')).toMatchObject({
      status: 503,
      text: '{"status":"redis does not answer"}',
    });
    expect((await dashboard().get('/healthz')).status).toBe(200);
  });

  test('a fault of the monitor is told of, and its message stays in the log', async () => {
    const faults: string[] = [];
    const { monitor, get } = dashboard({
      onFault: (error, route) => faults.push(`${route} ${error.message}`),
    });
    monitor.fault = new Error('/data/patient-7 is gone');
    const { status, text } = await get('/api/runs');
    expect(status).toBe(500);
    expect(text).not.toContain('patient');
    expect(faults).toEqual(['/api/runs /data/patient-7 is gone']);
  });

  test('a monitor that never answers gives 503', async () => {
    const monitor = new MemoryMonitor();
    monitor.runs = () => new Promise(() => {});
    const shared = shareMonitor(monitor, { freshMs: 10, timeoutMs: 20 });
    await expect(shared.runs()).rejects.toMatchObject({ code: 'redis-silent' });
  });

  test('viewers who ask the same at once cost one question, and a change makes it new', async () => {
    const monitor = new MemoryMonitor();
    const run = monitor.add(bigRun());
    const shared = shareMonitor(monitor, { freshMs: 60_000, timeoutMs: 1_000 });
    await shared.watch(() => {});
    await Promise.all(Array.from({ length: 20 }, () => shared.run(run.id)));
    expect(monitor.asked.filter((what) => what === 'run')).toHaveLength(1);
    run.set(9_000, 'ok');
    monitor.change(run);
    expect((await shared.run(run.id))?.cases.ok).toBe(run.counts.ok);
  });
});

describe('how runs end', () => {
  const failAll = () => {
    const { monitor, get } = dashboard();
    const names = Array.from({ length: 40 }, (_, index) => `case-${index}`);
    const run = monitor.add(new MemoryRun('r1', names));
    run.name = 'night of <b>May</b>';
    run.startedBy = 'ann on reading-room-2';
    for (let index = 0; index < 40; index++) {
      const code = index < 38 ? 'geometry-mismatch' : 'file-missing';
      run.set(index, 'failed', { code, message: `${code} of case ${index}` });
    }
    run.state = 'done';
    return get;
  };

  test('a run without any score is red, and says why in one line', async () => {
    const { text } = await failAll()('/');
    const row = text.split('href="/runs/r1"')[1]!.split('</tr>')[0]!;
    expect(row).toContain('<bdi>night of &lt;b&gt;May&lt;/b&gt;</bdi>');
    expect(row).toContain('data-state="failed">All failed');
    expect(row).toContain('geometry-mismatch (38), file-missing (2)');
    expect(row).toContain('r1, by ann on reading-room-2');
  });

  test('its page groups the reasons with their number and first case', async () => {
    const { text } = await failAll()('/runs/r1');
    const section = text.split('aria-labelledby="failures"')[1]!.split('</section>')[0]!;
    expect(section).toContain('No case has a score');
    expect(section.match(/<tr>/g)).toHaveLength(3);
    expect(section).toMatch(/38<\/td>.*geometry-mismatch.*case-0.*geometry-mismatch of case 0/s);
    expect(section).toMatch(/2<\/td>.*file-missing.*case-38/s);
    expect(text).toContain('data-status="all failed: 40 of 40 cases done');
  });

  test('a run with some failures says how many', async () => {
    const { monitor, get } = dashboard();
    const run = monitor.add(new MemoryRun('r2', ['a', 'b']));
    run.set(0, 'ok');
    run.set(1, 'failed', { code: 'file-missing', message: 'gone' });
    run.state = 'done';
    expect((await get('/')).text).toContain('data-state="partly">Done, 1 failed');
  });
});

test('workers go by their hosts; those that fell silent are apart', async () => {
  const { text } = await dashboard().get('/');
  const [live, silent] = text.split('aria-labelledby="workers"')[1]!.split('Silent <span') as [
    string,
    string,
  ];
  expect(live).toContain('<bdi>radiology-3</bdi>');
  expect(live).toContain('process 4127, worker-3f1c');
  expect(live).toContain('<a href="/runs/night-0412">case 8240</a>');
  expect(live).toContain('31.2');
  expect(live).not.toContain('workstation-12');
  expect(silent).toContain('workstation-12.88');
  expect(silent).toContain('still connected');
  const { monitor, get } = dashboard();
  monitor.workerList = [{ ...someWorkers()[0]!, state: 'gone' }];
  expect((await get('/')).text.split('>Gone <span')[1]).toContain('<bdi>radiology-3</bdi>');
});

test('what waits, what is computed and what stalled is on the first page', async () => {
  const { text } = await dashboard().get('/');
  const section = text.split('aria-labelledby="queue"')[1]!.split('</section>')[0]!;
  for (const fact of [
    'Cases waiting</dt><dd>1\u202f755',
    'Cases in flight</dt><dd>6',
    'Stalls in 24 h</dt><dd class="bad">2',
  ]) {
    expect(section).toContain(fact);
  }
  expect(section).toMatch(/Tiles<\/th>(<td[^>]*>(80|6|2|0|1)<\/td>){5}/);
});

test('a run that waits or was ended says for what', async () => {
  const { monitor, get } = dashboard();
  const run = monitor.add(new MemoryRun('r3', ['a']));
  const status = run.status();
  run.status = () => ({ ...status, waitsFor: 'disk-full' });
  const waits = /waits, and is tried again: [^<]*(space|disk)/i;
  expect((await get('/')).text).toMatch(waits);
  expect((await get('/runs/r3')).text).toMatch(waits);
  run.status = () => ({ ...status, state: 'failed' });
  expect((await shareless(monitor, '/runs/r3')).text).toContain('is lost to Redis: voxtally score --resume');
});

async function shareless(monitor: MemoryMonitor, path: string) {
  const { app } = createDashboard({ monitor, ping: async () => 'PONG' });
  return { text: await (await app.request(path)).text() };
}

test('health fails where Redis is away', async () => {
  const away = async () => {
    throw new Error('connection refused');
  };
  const { status, text } = await dashboard({ ping: away }).get('/healthz');
  expect([status, JSON.parse(text)]).toEqual([503, { status: 'redis does not answer' }]);
});
