/** The address of a Redis server, as a setting. It may hold a password: no text of this file repeats any part of it. */

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: boolean;
}

const defaultPort = 6379;

/** Scheme, user and password (all up to the last `@`), host, port, database, and what has no business there. */
const form =
  /^(rediss?):\/\/(?:(.*)@)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::([^/?#@]*))?(?:\/([^/?#@]*))?([/?#].*)?$/is;

/** The parts of an address, or what is wrong with it in words. */
export function parseRedisAddress(text: string): RedisAddress | { readonly mistake: string } {
  if (!/^rediss?:\/\//i.test(text)) return { mistake: 'it does not begin with redis:// or rediss://' };
  const parts = form.exec(text);
  if (!parts) return { mistake: `it has no host that can be read; ${encoding}` };
  const [, scheme, user, host, portText, databaseText, rest] = parts;
  if (rest !== undefined) {
    return {
      mistake: /[?&]keyPrefix=/i.test(rest)
        ? 'keyPrefix is not supported in the address; give --redis-prefix'
        : `nothing may follow the database; ${encoding}`,
    };
  }
  const port = portText === undefined ? defaultPort : Number(portText);
  if (portText !== undefined && !(/^\d+$/.test(portText) && port >= 1 && port <= 65_535)) {
    return { mistake: `its port must be a number from 1 to 65535; ${encoding}` };
  }
  if (databaseText && !/^\d{1,5}$/.test(databaseText)) {
    return { mistake: `its database must be a number, such as redis://host:6379/0; ${encoding}` };
  }
  const place = {
    host: host!.replace(/^\[(.*)\]$/, '$1'),
    port,
    database: Number(databaseText || 0),
    tls: scheme!.toLowerCase() === 'rediss',
  };
  if (user === undefined) return place;
  // A URL cannot hold these as they are, and what they would be taken for is a matter of luck.
  if (/[\s/?#@[\]]|%(?![0-9a-f]{2})/i.test(user)) return { mistake: encoding };
  const colon = user.indexOf(':');
  try {
    const username = decodeURIComponent(colon < 0 ? user : user.slice(0, colon));
    const password = colon < 0 ? '' : decodeURIComponent(user.slice(colon + 1));
    return {
      ...place,
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
    };
  } catch {
    return { mistake: encoding };
  }
}

const encoding =
  'in a user name or password write % as %25, @ as %40, / as %2F, # as %23, ? as %3F, : as %3A and a space as %20';
