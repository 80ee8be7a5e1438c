import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { MachineError, UsageError } from '../base/errors.ts';
import { DataRoots } from '../run/data-roots.ts';
import { CaseReader } from '../web/viewer/case-reader.ts';
import { currentCases } from '../web/viewer/finished-cases.ts';
import { viewerApp } from '../web/viewer/serve-viewer.ts';
import { interruptible } from './interrupt.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

export interface ViewOptions {
  readonly port: string;
  readonly images?: string;
  readonly dataRoot?: readonly string[];
}

/** `voxtally view`: serves until an interrupt. */
export async function runView(results: string, options: ViewOptions, terminal: Terminal): Promise<number> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError('option-value', `--port: given "${options.port}"; allowed: 0 to 65535`, {
      field: 'port',
    });
  }
  const dataRoots = options.dataRoot ?? [];
  // What cannot work is said now.
  new DataRoots(dataRoots);
  const { images } = options;
  const reader = new CaseReader();
  terminal.error(`voxtally: reading ${plainText(results)}\n`);
  const cases = currentCases(results, reader, { dataRoots, ...(images !== undefined && { images }) });
  const server = createAdaptorServer({ fetch: viewerApp(cases).fetch }) as Server;
  await new Promise<void>((done, fail) => {
    server.once('error', (cause) =>
      fail(new MachineError('view-listen', `cannot listen on port ${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, '127.0.0.1', done);
  });
  terminal.out(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
  await interruptible(
    () => terminal.error('\n'),
    (signal) => new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true })),
  );
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await reader.close();
  return 0;
}
