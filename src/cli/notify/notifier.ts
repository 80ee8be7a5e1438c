/** `score --notify`: collects what is known of a run while it goes, and tells of its end. */
import { VoxtallyError } from '../../base/errors.ts';
import { plainText } from '../plain-text.ts';
import type { Terminal } from '../terminal.ts';
import type { NoticeFacts } from './notice.ts';
import { type NotifyTarget, notifyTarget, sendNotice } from './send.ts';

export interface NotifyOptions {
  readonly notify?: string;
  readonly notifyCaseIds?: boolean;
}

/** What a command knows of its run when it ends, however it ends. */
export interface RunEnd {
  engine?: NoticeFacts['engine'];
  run?: string | undefined;
  name?: string | null;
  results?: NoticeFacts['results'];
  rules?: NoticeFacts['rules'];
  /** The run goes on without this command: nothing has ended. */
  goesOn?: boolean;
}

/** Where the end of a run is told; undefined for nowhere. @throws UsageError for an address that cannot be told */
export function readNotify(
  { notify }: NotifyOptions,
  env: Readonly<Record<string, string | undefined>>,
): NotifyTarget | undefined {
  const address = notify ?? env.VOXTALLY_NOTIFY;
  return address === undefined || address === ''
    ? undefined
    : notifyTarget(address, env.VOXTALLY_NOTIFY_SECRET);
}

/** Does `work`, and tells of its end. Status and errors stay those of `work`. */
export async function withNotice(
  target: NotifyTarget | undefined,
  { notifyCaseIds = false }: NotifyOptions,
  terminal: Terminal,
  work: (end: RunEnd) => Promise<number>,
): Promise<number> {
  const end: RunEnd = {};
  if (target === undefined) return work(end);
  const { makeNotice } = await import('./notice.ts');
  const startedMs = performance.now();
  const tell = async (facts: Pick<NoticeFacts, 'state' | 'exitStatus' | 'errorCode'>) => {
    if (end.goesOn) return;
    const seconds = (performance.now() - startedMs) / 1000;
    const { goesOn: _, engine = 'embedded', rules = [], ...known } = end;
    const notice = makeNotice({ ...known, ...facts, engine, rules, seconds, caseIds: notifyCaseIds });
    const failure = await sendNotice(target, notice);
    if (failure !== undefined) terminal.error(`warning: ${plainText(failure)}\n`);
  };
  let status: number;
  try {
    status = await work(end);
  } catch (error) {
    const code = error instanceof VoxtallyError ? error.code : 'defect';
    await tell({ state: code === 'run-cancelled' ? 'cancelled' : 'failed', exitStatus: 2, errorCode: code });
    throw error;
  }
  await tell({ state: stateOf(end), exitStatus: status });
  return status;
}

/** Without results and without an error, an interrupt ended it. */
function stateOf({ results }: RunEnd): NoticeFacts['state'] {
  if (results === undefined) return 'cancelled';
  return results.cases.every(({ status }) => status === 'ok') ? 'ok' : 'failures';
}
