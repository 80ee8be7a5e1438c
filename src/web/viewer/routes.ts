/** Pages on which a case is looked at, and what they show of its volumes. Mount behind the guards of the dashboard. */
import { readFileSync } from 'node:fs';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { MachineError, VoxtallyError } from '../../base/errors.ts';
import { packageFile } from '../../base/package-files.ts';
import type { Link } from '../dashboard/layout.ts';
import { pageQuery, runId } from '../dashboard/query.ts';
import { caseAddress, casesAddress, reportAddress } from './address.ts';
import { casePage } from './case-page.ts';
import type { ViewPart } from './case-view.ts';
import { casesPage } from './cases-page.ts';
import type { FinishedCases } from './finished-cases.ts';
import { messagePage } from './message-page.ts';
import { Shares, viewPieces } from './send-view.ts';
import { unscoredPage } from './unscored-page.ts';

export interface ViewerOptions {
  /** The finished run of an id; undefined for none. */
  readonly find: (run: string) => Promise<FinishedCases | undefined>;
  /** Links to pages beyond the viewer's own. */
  readonly links?: (run: string) => readonly Link[];
}

const caseParams = z.object({ run: runId, case: z.coerce.number().int().min(0) });
const voxel = z
  .string()
  .regex(/^\d{1,9},\d{1,9},\d{1,9}$/)
  .transform((text) => text.split(',').map(Number) as [number, number, number]);
const caseQuery = z.object({ class: z.coerce.number().int().min(0).default(0), voxel: voxel.optional() });
const listQuery = z.object({
  // A form sends what is not chosen as the empty text.
  class: z
    .string()
    .regex(/^\d{0,9}$/)
    .transform((text) => (text === '' ? undefined : Number(text)))
    .optional(),
  text: z.string().max(1000).optional(),
  page: pageQuery.shape.page,
});
const partQuery = z.object({
  class: z.coerce.number().int().min(0).default(0),
  axis: z.enum(['0', '1', '2']).optional(),
  at: z.coerce.number().int().min(0).optional(),
  side: z.enum(['prediction', 'reference']).optional(),
  fine: z.enum(['yes']).optional(),
});

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

/** Routes: /runs/:run/look, /runs/:run/look/:case, /runs/:run/look/:case/view, /runs/:run/look-up, /runs/:run/report and /look/viewer.{js,css}. */
export function viewerRoutes({ find, links = () => [] }: ViewerOptions): Hono {
  const routes = new Hono();
  /** The links of a page of a run; `isList` for the list of its cases. */
  const linksOf = (run: string, isList = false): readonly Link[] => [
    ...links(run),
    { address: casesAddress(run), name: 'Cases', current: isList },
    { address: reportAddress(run), name: 'Report' },
  ];
  const missing = (context: Context) => context.html(messagePage('There is no such case.', []), 404);

  /** The case of an address; undefined for none. */
  async function caseAt(context: Context) {
    const at = caseParams.safeParse(context.req.param());
    const cases = at.success ? await find(at.data.run) : undefined;
    const entry = at.success ? cases?.results.cases[at.data.case] : undefined;
    return at.success && cases && entry ? { ...at.data, cases, entry } : undefined;
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
    const query = listQuery.safeParse(context.req.query());
    const cases = run.success ? await find(run.data) : undefined;
    if (!cases || !query.success) return missing(context);
    const { results } = cases;
    const list = casesPage({ ...query.data, run: run.data!, results, links: linksOf(run.data!, true) });
    return list === undefined ? missing(context) : context.html(list);
  });

  routes.get('/runs/:run/:file{report|report-cases\\.html}', async (context) => {
    const run = runId.safeParse(context.req.param('run'));
    const cases = run.success ? await find(run.data) : undefined;
    if (!cases) return missing(context);
    const { report, cases: all } = await cases.report();
    const text = context.req.param('file') === 'report' ? report : all;
    if (text === undefined) return missing(context);
    // The page itself says which script and style are its own.
    context.header('Content-Security-Policy', "frame-ancestors 'none'");
    return context.html(text);
  });

  routes.get('/runs/:run/look/:case', async (context) => {
    const found = await caseAt(context);
    const query = caseQuery.safeParse(context.req.query());
    if (!found || !query.success) return missing(context);
    const { run, entry, cases } = found;
    const spec = cases.results.classes[query.data.class];
    const start = query.data.voxel && { start: query.data.voxel };
    const parts = {
      run,
      case: found.case,
      class: query.data.class,
      results: cases.results,
      links: linksOf(run),
      ...start,
    };
    context.header('Content-Security-Policy', policy);
    if (entry.status !== 'ok')
      return context.html(unscoredPage({ ...parts, entry, reason: cases.reason(found.case) }));
    if (!spec) return missing(context);
    return context.html(casePage({ ...parts, entry, places: cases.places(found.case, spec.name) }));
  });

  routes.get('/runs/:run/look/:case/view', async (context) => {
    const found = await caseAt(context);
    const query = partQuery.safeParse(context.req.query());
    const part = found && query.success ? partOf(found.entry, query.data) : undefined;
    if (!found || !part) return missing(context);
    const shares = new Shares();
    try {
      const { cases, case: index } = found;
      const view = cases.view(index, query.data!.class, part, context.req.raw.signal, shares.tell);
      await view.opened;
      const headers = { 'Content-Type': 'application/octet-stream' };
      if (context.req.method === 'HEAD') return context.body(null, 200, headers);
      return context.body(ReadableStream.from(viewPieces(view.done, shares)) as ReadableStream, 200, headers);
    } catch (error) {
      // Names of files stay with those who run the scores.
      if (!(error instanceof VoxtallyError)) throw error;
      return context.json({ fault: error.code }, error instanceof MachineError ? 503 : 409);
    }
  });

  routes.get('/runs/:run/look-up', async (context) => {
    const run = runId.safeParse(context.req.param('run'));
    const query = caseQuery
      .extend({ id: z.string(), class: z.string().optional() })
      .safeParse(context.req.query());
    const cases = run.success ? await find(run.data) : undefined;
    if (!cases || !query.success) return missing(context);
    const { results } = cases;
    const index = results.cases.findIndex(({ id }) => id === query.data.id);
    const classIndex = results.classes.findIndex(({ name }) => name === query.data.class);
    if (index < 0) return missing(context);
    return context.redirect(
      caseAddress(run.data!, {
        case: index,
        ...(classIndex >= 0 && { class: classIndex }),
        ...(query.data.voxel && { voxel: query.data.voxel }),
      }),
    );
  });

  return routes;
}

/** Undefined for a part that the case does not have. */
function partOf(
  entry: FinishedCases['results']['cases'][number],
  { axis, at, side, fine }: z.infer<typeof partQuery>,
): ViewPart | undefined {
  if (entry.status !== 'ok') return side && { kind: 'side', side };
  if (side !== undefined) return undefined;
  if (axis === undefined) return { kind: 'overview', fine: fine !== undefined };
  const across = Number(axis) as 0 | 1 | 2;
  return at !== undefined && at < entry.shape[across] ? { kind: 'plane', axis: across, at } : undefined;
}

/** @throws the fault of the system for a file of the page that cannot be served. */
export function checkViewerFiles(): void {
  for (const name of ['viewer.js', 'viewer.css'] as const) viewerFile(name);
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
