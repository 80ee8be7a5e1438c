/** What is shipped, put where a user would have it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** Packs the project and installs the tarball into an empty folder, as npm does it for a user. */
export function installPacked(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const npm = (args: readonly string[], cwd: string) =>
    execFileSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' });
  const packed = npm(['pack', '--json', '--pack-destination', folder], process.cwd());
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  npm(['install', '--prefer-offline', `./${filename}`], folder);
}

/**
 * Copies what the final stage of the Dockerfile copies, by its own lines, into an empty folder: `/app` of the image.
 * The production packages are the ones of this checkout. @returns the entry point's path in that folder
 */
export function copyImage(folder: string): string {
  const stage = readFileSync('Dockerfile', 'utf8')
    .split(/^FROM /m)
    .at(-1)!;
  for (const [, from, to] of stage.matchAll(/^COPY --from=build(?: --\S+)* \/app\/(\S+) (\S+)$/gm)) {
    const target = join(folder, to!.endsWith('/') ? join(to!, from!.split('/').at(-1)!) : to!);
    mkdirSync(dirname(target), { recursive: true });
    if (from === 'node_modules') symlinkSync(resolve(from), target);
    else cpSync(from!, target, { recursive: true });
  }
  const [, program] = /^ENTRYPOINT \["node", "\/app\/([^"]+)"\]$/m.exec(stage)!;
  return join(folder, program!);
}

/** Starts a server that says its address on standard output, and ends it with the test. */
export async function startServer(args: readonly string[], cwd: string): Promise<string> {
  const server = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (said += chunk));
  for (;;) {
    const [address] = /http:\/\/[\w.:[\]]+/.exec(said) ?? [];
    if (address !== undefined) return address;
    if (server.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${server.exitCode}: ${said}`);
    await delay(50);
  }
}

/** Status of a page and of everything that it loads from its own server. */
export async function loadPage(address: string): Promise<{ text: string; statuses: Record<string, number> }> {
  const answer = await fetch(address);
  const text = await answer.text();
  const statuses: Record<string, number> = { [new URL(address).pathname]: answer.status };
  for (const [, link] of text.matchAll(/<(?:script|link|img)[^>]+(?:src|href)="(\/[^"]+)"/g)) {
    statuses[link!.replace(/\?.*/, '')] = (
      await fetch(new URL(link!.replaceAll('&amp;', '&'), address))
    ).status;
  }
  return { text, statuses };
}
