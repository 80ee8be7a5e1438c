/** What the tests of the viewer share: a run that is served, and its cases as the viewer reads them. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll } from 'vitest';
import { CaseReader, type ReaderLimits } from '../../../src/web/viewer/case-reader.ts';
import type { CaseView, ViewPart } from '../../../src/web/viewer/case-view.ts';
import { currentCases, FinishedCases, type ShownFrom } from '../../../src/web/viewer/finished-cases.ts';
import { viewerApp } from '../../../src/web/viewer/serve-viewer.ts';

/** What a browser needs to show volumes without a graphics card. */
export const webgl = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

export const overview: ViewPart = { kind: 'overview', fine: true };

/** A reader that is closed after the tests of the file. */
export function testReader(limits?: ReaderLimits): CaseReader {
  const reader = new CaseReader(limits);
  afterAll(() => reader.close());
  return reader;
}

export function openCases(outDir: string, reader: CaseReader, from: ShownFrom = {}): FinishedCases {
  return new FinishedCases(outDir, reader, from);
}

export function viewOf(
  cases: FinishedCases,
  index: number,
  part: ViewPart = overview,
  classIndex = 0,
): Promise<CaseView> {
  return cases.view(index, classIndex, part).done;
}

/** Serves a run until the tests of the file are over; the address without a slash at its end. */
export async function serveRun(outDir: string, reader: CaseReader, from: ShownFrom = {}): Promise<string> {
  const server = createAdaptorServer({
    fetch: viewerApp(currentCases(outDir, reader, from)).fetch,
  }) as Server;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
