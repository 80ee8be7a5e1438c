/** The workers as those who watch see them. */
import type { Queue } from 'bullmq';
import { isLongSilent, isOverdue, workerState } from '../monitor.ts';
import type { WorkerStatus } from '../status.ts';
import { type Fleet, isOfThisVersion } from './fleet.ts';

/** `queue`: any that workers serve. */
export async function listWorkers(
  fleet: Fleet,
  queue: Pick<Queue, 'getWorkers'>,
): Promise<readonly WorkerStatus[]> {
  const workers = [...(await fleet.remembered())];
  const now = Date.now();
  const connected = workers.some(([, facts]) => isOfThisVersion(facts) && isOverdue(facts, now))
    ? await connectedTo(queue)
    : undefined;
  return workers
    .flatMap(([id, entry]): WorkerStatus[] => {
      if (!isOfThisVersion(entry)) {
        const { version: _, ...facts } = entry;
        // Redis tells of the connections to this version's queues only.
        return isLongSilent(facts, now) ? [] : [{ id, state: 'other-version', ...facts }];
      }
      const { busy, threadBytes: _, version: _own, ...facts } = entry;
      return [{ id, state: workerState({ busy, ...facts }, connected?.has(id), now), ...facts }];
    })
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Ids of the workers that Redis has connections of; undefined where it does not tell. */
async function connectedTo(queue: Pick<Queue, 'getWorkers'>): Promise<ReadonlySet<string> | undefined> {
  const clients = await queue.getWorkers().catch(() => undefined);
  const names = clients?.map(({ rawname }) => rawname);
  if (!names || names.some((name) => name === undefined)) return undefined;
  return new Set(names.map((name) => name!.slice(name!.lastIndexOf(':') + 1)));
}

function nameOf({ id, host = '' }: Pick<WorkerStatus, 'id' | 'host'>): string {
  return `${host} ${id}`;
}
