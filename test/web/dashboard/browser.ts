import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Watched {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught ones. */
  readonly complaints: string[];
  /** Addresses of requests, in order. */
  readonly requests: string[];
}

export interface Browser {
  readonly context: BrowserContext;
  open(address: string): Promise<Watched>;
  close(): Promise<void>;
}

/** A Chromium of the system with a fresh profile. */
export async function startBrowser(
  httpCredentials?: { username: string; password: string },
  moreArgs: readonly string[] = [],
): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'voxtally-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: [...args, ...moreArgs],
    viewport: { width: 1280, height: 900 },
    ...(httpCredentials ? { httpCredentials } : {}),
  });
  return {
    context,
    open: async (address) => {
      const page = await context.newPage();
      const watched: Watched = { page, complaints: [], requests: [] };
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          watched.complaints.push(message.text());
      });
      page.on('pageerror', (error) => watched.complaints.push(error.message));
      page.on('request', (request) => watched.requests.push(request.url()));
      await page.goto(address, { waitUntil: 'load' });
      return watched;
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong on a page, in words. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axeSource);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { target: unknown[]; failureSummary: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.target} ${nodes[0]!.failureSummary}`);
}

/** Axe finds nothing in either colour scheme, wide or on a phone of 390 pixels, where nothing is cut off. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const [width, height] of [
    [1280, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const where = `${new URL(page.url()).pathname}, ${colorScheme}, ${width} pixels`;
      expect(await violations(page), where).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth'), where).toBeLessThanOrEqual(width);
    }
  }
}

/** No errors or warnings, and nothing asked of anybody but `origin`. */
export function expectQuiet({ complaints, requests }: Watched, origin: string): void {
  // The software renderer tells how fast it is; that is no fault of the page.
  expect(complaints.filter((text) => !text.includes('GL Driver Message'))).toEqual([]);
  expect(requests.filter((address) => !/^(data|blob):/.test(address) && !address.startsWith(origin))).toEqual(
    [],
  );
}
