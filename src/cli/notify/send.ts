/**
 * Sends a notice, signed: `Voxtally-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` by the
 * secret. Nothing here fails a run: whoever cannot be told is told of in a warning.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../base/errors.ts';
import { packageVersion } from '../../base/package-files.ts';
import type { Notice } from './notice.ts';

export const signatureHeader = 'Voxtally-Signature';
const shortestSecret = 16;

export interface NotifyTarget {
  readonly url: URL;
  readonly secret: string;
}

export interface SendTiming {
  /** How long an answer may take. */
  readonly answerMs: number;
  /** Pauses before further tries. */
  readonly pausesMs: readonly number[];
}

const defaultTiming: SendTiming = { answerMs: 10_000, pausesMs: [1000, 4000, 10_000] };

/** @throws UsageError for what is not an http address, and without a secret that can sign. */
export function notifyTarget(address: string, secret: string | undefined): NotifyTarget {
  const fault = (message: string) =>
    new UsageError('notify-address', `--notify: ${message}`, { field: 'notify' });
  // The address may hold a secret and is not repeated.
  if (!URL.canParse(address)) throw fault('not an address; give one such as https://example.org/hook');
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw fault(`${url.protocol} is not http: or https:`);
  }
  if (url.username !== '' || url.password !== '') {
    throw fault('no user and password in the address: the notice is signed instead');
  }
  if (secret === undefined || secret.length < shortestSecret) {
    throw fault(
      `VOXTALLY_NOTIFY_SECRET ${secret === undefined ? 'is not set' : `has ${secret.length} characters`}: notices are signed with it; set at least ${shortestSecret} characters, such as openssl rand -hex 24 gives`,
    );
  }
  return { url, secret };
}

export function sign(body: string, secret: string, seconds: number): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

/** Tries a few times. @returns why the notice was not delivered; undefined when it was */
export async function sendNotice(
  target: NotifyTarget,
  notice: Notice,
  timing: SendTiming = defaultTiming,
): Promise<string | undefined> {
  const body = JSON.stringify(notice);
  for (let attempt = 0; ; attempt++) {
    const failure = await post(target, body, timing.answerMs);
    if (failure === undefined) return undefined;
    const pauseMs = timing.pausesMs[attempt];
    if (!failure.again || pauseMs === undefined) {
      const tries = attempt === 0 ? '' : ` after ${attempt + 1} tries`;
      return `${target.url.origin} was not told of the end of the run${tries}: ${failure.why}`;
    }
    await delay(pauseMs);
  }
}

async function post(
  { url, secret }: NotifyTarget,
  body: string,
  answerMs: number,
): Promise<{ readonly why: string; readonly again: boolean } | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': `voxtally/${packageVersion()}`,
        // Signed anew each time: a receiver refuses what is old.
        [signatureHeader]: sign(body, secret, Math.floor(Date.now() / 1000)),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMs),
    });
    await answer.body?.cancel();
    const { status } = answer;
    if (answer.ok) return undefined;
    if (status >= 300 && status < 400) {
      return {
        why: `it answers ${status}, and redirects are not followed; give its last address`,
        again: false,
      };
    }
    return { why: `it answers ${status}`, again: status >= 500 || status === 429 || status === 408 };
  } catch (error) {
    return { why: reasonOf(error as Error, answerMs), again: true };
  }
}

/** Node tells of a refused connection in the cause; its message may hold addresses of the machine, its code does not. */
function reasonOf({ name, cause }: Error, answerMs: number): string {
  if (name === 'TimeoutError') return `no answer within ${answerMs / 1000} s`;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}
