import * as z from 'zod';
import type { Monitor } from '../../engines/monitor.ts';
import type { CasePage, CaseStatus } from '../../engines/status.ts';

/** Cases on one page. */
export const casesPerPage = 100;
/** Runs on one page. */
export const runsPerPage = 50;

export const caseStatuses = [
  'waiting',
  'in-flight',
  'ok',
  'failed',
  'incomplete',
] as const satisfies readonly CaseStatus['status'][];

/** An id that may be in an address: what the engine gives its runs, never a path. */
export const runId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);

/** Which page of which cases. People's pages count from 1. What is not a page or status is refused, not guessed. */
export const pageQuery = z.object({
  status: z.enum(caseStatuses).optional(),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
});

export type PageQuery = z.infer<typeof pageQuery>;

/** The cases that an address asks for. */
export function casesOf(monitor: Monitor, id: string, { status, page }: PageQuery): Promise<CasePage> {
  const filter = status === undefined ? {} : { status };
  return monitor.cases(id, { ...filter, page: page - 1, pageSize: casesPerPage });
}
