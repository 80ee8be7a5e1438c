import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';

/** Whether only this machine can reach an interface. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses addresses that climb (`..`, also percent-encoded, once or twice) or hold a backslash or a NUL. It looks at what was sent:
 * by the time there is a URL, such steps have been resolved.
 */
export const refuseClimbing: MiddlewareHandler<{ Bindings: Partial<HttpBindings> }> = async (
  context,
  next,
) => {
  const sent = context.env?.incoming?.url ?? context.req.url;
  return climbs(sent) ? context.text('No such address.\n', 400) : next();
};

export function climbs(address: string): boolean {
  let path = address.split('?', 1)[0]!;
  for (let round = 0; round < 3; round++) {
    if (/(^|[/\\])\.\.([/\\]|$)|[\\\0]/.test(path)) return true;
    try {
      path = decodeURIComponent(path);
    } catch {
      return true;
    }
  }
  return false;
}

/**
 * On the loopback interface, answers only to names of this machine: a page elsewhere that points its own name at
 * 127.0.0.1 (DNS rebinding) would be of the same origin as the dashboard otherwise.
 */
export const refuseForeignHost: MiddlewareHandler = async (context, next) => {
  const host = (context.req.header('host') ?? '').toLowerCase().replace(/:\d+$/, '');
  return isLoopback(host) ? next() : context.text('This dashboard answers to localhost only.\n', 421);
};

/**
 * Refuses everything but reading, unless writes are allowed; then refuses what another site's page sends. Browsers send
 * Sec-Fetch-Site or Origin with every write; a request with neither comes from a program, which
 * sends credentials of its own accord only.
 */
export function guardWrites(allowWrites: boolean): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req;
    if (method === 'GET' || method === 'HEAD') return next();
    if (!allowWrites) {
      return context.text(
        'This dashboard is read-only. Start it with --allow-writes to change this.\n',
        405,
        {
          Allow: 'GET, HEAD',
        },
      );
    }
    const site = context.req.header('sec-fetch-site');
    const origin = context.req.header('origin');
    const isForeign =
      site === undefined
        ? origin !== undefined && hostOf(origin) !== context.req.header('host')?.toLowerCase()
        : site !== 'same-origin' && site !== 'none';
    return isForeign ? context.text('Refused: the request comes from another site.\n', 403) : next();
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
