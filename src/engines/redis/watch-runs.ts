/** Changes of runs as they are told over Redis. */
import { connect } from './connection.ts';
import { isRunId } from './jobs.ts';

/** Changes are told at most this often for a run. */
const tellEveryMs = 1000;
/** A connection that only listens would not notice that it is dead: it asks so often. */
const pingMs = 15_000;

/** Calls back when something of a run has changed. @returns how to stop */
export async function watchRuns(
  url: string,
  channel: string,
  onChange: (run: string) => void,
): Promise<() => Promise<void>> {
  const listener = connect(url);
  const held = new Map<string, { again: boolean; readonly timer: NodeJS.Timeout }>();
  const tell = (run: string) => {
    onChange(run);
    // What changes in the meantime is told when the time is over.
    const timer = setTimeout(() => {
      const { again } = held.get(run)!;
      held.delete(run);
      if (again) tell(run);
    }, tellEveryMs);
    held.set(run, { again: false, timer });
  };
  listener.on('message', (_channel: string, run: string) => {
    const before = held.get(run);
    if (before) before.again = true;
    else if (isRunId(run)) tell(run);
  });
  await listener.subscribe(channel);
  const pulse = setInterval(() => listener.ping().catch(() => {}), pingMs);
  return async () => {
    clearInterval(pulse);
    for (const { timer } of held.values()) clearTimeout(timer);
    listener.removeAllListeners('message');
    listener.disconnect();
  };
}
