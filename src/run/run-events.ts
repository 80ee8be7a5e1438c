/** What happens in a run, as engines tell it; progress is counted from these. */
import { type Observable, scan, startWith } from 'rxjs';
import type { CaseOutcomeRecord } from './case-outcome.ts';
import type { RunProgress } from './types.ts';

export type RunEvent =
  | { readonly kind: 'stage'; readonly stage: RunProgress['stage'] }
  | { readonly kind: 'planned'; readonly tiles: number }
  | { readonly kind: 'tiles'; readonly tiles: number; readonly voxels: number; readonly bytes: number }
  | { readonly kind: 'case'; readonly outcome: CaseOutcomeRecord }
  | { readonly kind: 'note'; readonly note: string };

/** A run of which nothing is done. */
export function nothingDone(casesTotal: number): RunProgress {
  return {
    stage: 'plan',
    casesTotal,
    casesDone: 0,
    casesFailed: 0,
    tilesTotal: 0,
    tilesDone: 0,
    voxelsDone: 0,
    bytesRead: 0,
  };
}

/** Snapshots of a run, one per event. */
export function progressOf(events: Observable<RunEvent>, casesTotal: number): Observable<RunProgress> {
  const start = nothingDone(casesTotal);
  return events.pipe(scan(count, start), startWith(start));
}

function count({ note: _, ...progress }: RunProgress, event: RunEvent): RunProgress {
  switch (event.kind) {
    case 'stage':
      return { ...progress, stage: event.stage };
    case 'planned':
      return { ...progress, tilesTotal: progress.tilesTotal + event.tiles };
    case 'tiles':
      return {
        ...progress,
        tilesDone: progress.tilesDone + event.tiles,
        voxelsDone: progress.voxelsDone + event.voxels,
        bytesRead: progress.bytesRead + event.bytes,
      };
    case 'case':
      return {
        ...progress,
        casesDone: progress.casesDone + 1,
        casesFailed: progress.casesFailed + (event.outcome.status === 'ok' ? 0 : 1),
      };
    case 'note':
      return { ...progress, note: event.note };
  }
}
