import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

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
