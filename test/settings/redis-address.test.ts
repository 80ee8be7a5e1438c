import { expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { loadConfig } from '../../src/settings/load-config.ts';
import { parseRedisAddress } from '../../src/settings/redis-address.ts';

const local = { host: 'h', port: 6379, database: 0, tls: false };

test.each([
  ['redis://h', local],
  ['redis://h/', local],
  ['rediss://h:1/3', { ...local, port: 1, database: 3, tls: true }],
  ['redis://[::1]:7000', { ...local, host: '::1', port: 7000 }],
  ['redis://:a%40b%2Fc%23d%25@h', { ...local, password: 'a@b/c#d%' }],
  ['redis://me:p%3Aq@h:65535', { ...local, port: 65535, username: 'me', password: 'p:q' }],
  ['redis://me@h', { ...local, username: 'me' }],
])('%s', (text, address) => {
  expect(parseRedisAddress(text)).toEqual(address);
});

const secret = 'hunter';
test.each([
  ['http://h', 'redis://'],
  ['redis://', 'host'],
  ['redis://h/abc', 'database must be a number'],
  ['redis://h:65536', 'port'],
  ['redis://h:0', 'port'],
  ['redis://h:x', 'port'],
  ['redis://h?keyPrefix=x', '--redis-prefix'],
  ['redis://h?db=1', 'nothing may follow'],
  [`redis://:${secret}@2@h`, '%40'],
  [`redis://:${secret}/2@h`, '%2F'],
  [`redis://:${secret}#2@h`, '%23'],
  [`redis://:${secret}?2@h`, '%3F'],
  [`redis://:${secret}%2@h`, '%25'],
  [`redis://:${secret}%ff@h`, '%25'],
  [`redis://:2${secret}`, 'port'],
])('%s is refused, and nothing of it is repeated', (url, expected) => {
  let refusal: unknown;
  try {
    loadConfig({ flags: { redis: { url } } });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(UsageError);
  const { message } = refusal as UsageError;
  expect(message).toContain(expected);
  expect(message).not.toContain(secret);
});
