import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { UsageError } from '../../base/errors.ts';
import { Guesses } from './guesses.ts';

/** What opens the dashboard. Either one will do where both are set. */
export interface Credentials {
  /** For people: HTTP Basic, with any user name. */
  readonly password?: string;
  /** For programs: HTTP Bearer. */
  readonly token?: string;
}

const shortestSecret = 8;
const fewestCharacters = 4;

export function isProtected({ password, token }: Credentials): boolean {
  return password !== undefined || token !== undefined;
}

/** What a Bearer header can carry (RFC 6750). */
const tokenPattern = /^[A-Za-z0-9._~+/-]+=*$/;

/** Refuses secrets that are too short to be any, and tokens that no header can carry. */
export function checkCredentials(credentials: Credentials): void {
  for (const field of ['password', 'token'] as const) {
    const secret = credentials[field]?.trim();
    if (secret === undefined) continue;
    if (secret.length < shortestSecret || new Set(secret).size < fewestCharacters) {
      throw new UsageError(
        'secret-too-short',
        `the dashboard's ${field} has ${secret.length} characters without space around them, ${new Set(secret).size} of them different: give it at least ${shortestSecret}, ${fewestCharacters} of them different`,
        { field },
      );
    }
  }
  if (credentials.token !== undefined && !tokenPattern.test(credentials.token)) {
    throw new UsageError(
      'token-characters',
      "the dashboard's token may hold letters, digits and . _ ~ + / - only, with = at its end",
      { field: 'token' },
    );
  }
}

/**
 * Lets a request through that carries the password (`Basic`) or the token (`Bearer`), and answers 401 to any other.
 * Without credentials everything passes: the dashboard then listens on the loopback interface only.
 */
export function requireCredentials(
  credentials: Credentials,
  guesses = new Guesses(),
): MiddlewareHandler<{ Bindings: Partial<HttpBindings> }> {
  const accepts = {
    basic: secretCheck(credentials.password),
    bearer: secretCheck(credentials.token),
  };
  return async (context, next) => {
    if (!isProtected(credentials)) return next();
    const client = context.env?.incoming?.socket.remoteAddress ?? 'unknown';
    const waitSeconds = guesses.waitSeconds(client);
    if (waitSeconds > 0) {
      context.header('Retry-After', String(waitSeconds));
      return context.text(`Too many wrong passwords. Try again in ${waitSeconds} s.\n`, 429);
    }
    const { scheme, secret } = presented(context.req.header('authorization'));
    if (scheme !== undefined && accepts[scheme](secret)) return next();
    // A browser asks without a password first: that is not a guess.
    if (scheme !== undefined) guesses.wrong(client);
    if (credentials.password !== undefined) {
      context.header('WWW-Authenticate', 'Basic realm="voxtally", charset="UTF-8"');
    } else {
      context.header('WWW-Authenticate', 'Bearer realm="voxtally"');
    }
    return context.text('A password or token is needed.\n', 401);
  };
}

interface Presented {
  readonly scheme?: 'basic' | 'bearer';
  readonly secret: string;
}

function presented(authorization = ''): Presented {
  const match = /^(basic|bearer) +(\S+) *$/i.exec(authorization);
  if (!match) return { secret: '' };
  const [, scheme, value] = match;
  if (scheme!.toLowerCase() === 'bearer') return { scheme: 'bearer', secret: value! };
  const pair = Buffer.from(value!, 'base64').toString('utf8');
  // The user name ends at the first colon (RFC 7617); the password may hold more of them.
  const colon = pair.indexOf(':');
  return colon < 0 ? { secret: '' } : { scheme: 'basic', secret: pair.slice(colon + 1) };
}

/** Compares by digest, so that neither the time nor a difference in length tells of the secret. */
function secretCheck(expected: string | undefined): (given: string) => boolean {
  if (expected === undefined) return () => false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expectedDigest = digest(expected);
  return (given) => timingSafeEqual(digest(given), expectedDigest);
}
