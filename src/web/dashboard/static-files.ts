import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { packageFile } from '../../base/package-files.ts';

const types = {
  'base.css': 'text/css; charset=utf-8',
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

/** A file of `static/`: a browser runs it as it is, and the build only copies it. */
export type StaticName = keyof typeof types;

const files = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string }>();

function file(name: StaticName): { readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string } {
  let known = files.get(name);
  if (!known) {
    const bytes = new Uint8Array(readFileSync(packageFile(`dist/dashboard/${name}`)));
    known = { bytes, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 12) };
    files.set(name, known);
  }
  return known;
}

/** The address of a static file; it changes with the content, so that a browser may keep the file for ever. */
export function staticAddress(name: StaticName): string {
  return `/static/${name}?v=${file(name).digest}`;
}

/** Serves the files by name: no path of a request is ever joined to a folder. */
export function staticRoutes(): Hono {
  const routes = new Hono();
  for (const name of Object.keys(types) as StaticName[]) {
    routes.get(`/${name}`, (context) =>
      context.body(file(name).bytes, 200, {
        'Content-Type': types[name],
        'Cache-Control': 'private, max-age=31536000, immutable',
      }),
    );
  }
  return routes;
}

/** @throws the fault of the system for a file that cannot be served. */
export function checkStaticFiles(): void {
  for (const name of Object.keys(types) as StaticName[]) file(name);
}
