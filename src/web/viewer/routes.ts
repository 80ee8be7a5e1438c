/** Pages on which a case is looked at, and its volumes, reduced. Mount behind the guards of the dashboard. */
import { readFileSync } from 'node:fs';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { MachineError, VoxtallyError } from '../../base/errors.ts';
import { packageFile } from '../../base/package-files.ts';
import { niftiHeaderBytes } from '../../volumes/nifti/write.ts';
import type { Link } from '../dashboard/layout.ts';
import { pageQuery, runId } from '../dashboard/query.ts';
import { type CasePageParts, casePage, casesPage, messagePage } from './case-page.ts';
import type { FinishedCases } from './finished-cases.ts';
import { disagreement } from './reduce-case.ts';

export interface ViewerOptions {
  /** The finished run of an id; undefined for none. */
  readonly find: (run: string) => Promise<FinishedCases | undefined>;
  /** Links to pages beyond the viewer's own. */
  readonly links?: (run: string) => readonly Link[];
}

const place = z.object({
  run: runId,
  case: z.coerce.number().int().min(0),
  class: z.coerce.number().int().min(0).default(0),
});
const part = z.enum(['prediction', 'reference', 'error']);

/** What NiiVue needs beyond the dashboard's own policy: pictures and workers that the page itself makes. */
const policy = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self' blob: data:",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

/** Routes: /runs/:run/look, /runs/:run/look/:case, /runs/:run/look/:case/:class/:part.nii and /look/viewer.{js,css}. */
export function viewerRoutes({ find, links = () => [] }: ViewerOptions): Hono {
  const routes = new Hono();
  /** The links of a page of a run; `isList` for the list of its cases. */
  const linksOf = (run: string, isList = false): readonly Link[] => [
    ...links(run),
    { address: `/runs/${run}/look`, name: 'Cases', current: isList },
  ];
  const missing = (context: Context) =>
    context.html(messagePage('There is no such case, or it has no score.', []), 404);

  /** Answers with a case that is there and can be read, and says why where it is not. */
  async function withReduced(
    context: Context,
    address: object,
    answer: (found: CasePageParts) => Response | Promise<Response>,
  ): Promise<Response> {
    const at = place.safeParse(address);
    const cases = at.success ? await find(at.data.run) : undefined;
    const entry = at.success ? cases?.scored(at.data.case) : undefined;
    const spec = at.success ? cases?.results.classes[at.data.class] : undefined;
    if (!at.success || !cases || !entry || !spec) return missing(context);
    const shared = { links: linksOf(at.data.run) };
    try {
      const reduced = await cases.reduced(at.data.case, spec.name, context.req.raw.signal);
      const boxes = cases.boxes(at.data.case, spec.name);
      return await answer({ ...at.data, ...shared, results: cases.results, entry, reduced, boxes });
    } catch (error) {
      // Names of files stay with those who run the scores.
      if (!(error instanceof VoxtallyError)) throw error;
      const passes = error instanceof MachineError;
      const message = `The volumes cannot be shown${passes ? ' now' : ''} (${error.code}).${passes ? ' Try again in a moment.' : ''}`;
      return context.html(messagePage(message, shared.links), passes ? 503 : 409);
    }
  }

  routes.get('/look/:file{viewer\\.(js|css)}', (context) => {
    const name = context.req.param('file') as 'viewer.js' | 'viewer.css';
    return context.body(viewerFile(name), 200, {
      'Content-Type': name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
  });

  routes.get('/runs/:run/look', async (context) => {
    const run = runId.safeParse(context.req.param('run'));
    const query = pageQuery.safeParse(context.req.query());
    const cases = run.success ? await find(run.data) : undefined;
    if (!cases || !query.success) return missing(context);
    const { results } = cases;
    const list = { run: run.data!, results, page: query.data.page, links: linksOf(run.data!, true) };
    const text = casesPage(list);
    return text === undefined ? missing(context) : context.html(text);
  });

  routes.get('/runs/:run/look/:case', (context) =>
    withReduced(context, { ...context.req.param(), ...context.req.query() }, (found) => {
      context.header('Content-Security-Policy', policy);
      return context.html(casePage(found));
    }),
  );

  routes.get('/runs/:run/look/:case/:class/:file{(prediction|reference|error)\\.nii}', (context) =>
    withReduced(context, context.req.param(), ({ reduced }) => {
      const { shape, affine } = reduced;
      const name = part.parse(context.req.param('file').replace('.nii', ''));
      const isError = name === 'error';
      const voxels = isError ? new Uint8Array(disagreement(reduced).buffer) : reduced[name];
      const header = niftiHeaderBytes({ shape, affine, datatype: isError ? 'int16' : 'uint8' });
      const body = new Uint8Array(header.length + voxels.length);
      body.set(header);
      body.set(voxels, header.length);
      return context.body(body, 200, { 'Content-Type': 'application/octet-stream' });
    }),
  );

  return routes;
}

const files = new Map<string, Uint8Array<ArrayBuffer>>();

/** A file of the page as the build made it. */
function viewerFile(name: 'viewer.js' | 'viewer.css'): Uint8Array<ArrayBuffer> {
  let bytes = files.get(name);
  if (!bytes) {
    bytes = new Uint8Array(readFileSync(packageFile(`dist/viewer/${name}`)));
    files.set(name, bytes);
  }
  return bytes;
}
