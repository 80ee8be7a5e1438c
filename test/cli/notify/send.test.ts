import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { makeNotice } from '../../../src/cli/notify/notice.ts';
import { notifyTarget, sendNotice } from '../../../src/cli/notify/send.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Received, receiverForTests, notifySecret as secret } from './receiver.ts';

const timing = { answerMs: 300, pausesMs: [1, 1] };
const notice = makeNotice({
  ...{ state: 'failed', exitStatus: 2, engine: 'embedded', seconds: 1.25, rules: [], caseIds: false },
  errorCode: 'no-cases',
});
const receiver = receiverForTests();
const folder = temporaryFolder();

const send = (url = receiver().url) => sendNotice(notifyTarget(url, secret), notice, timing);

test('the snippet of the documentation accepts a notice, and nothing that was changed, old or signed by another', async () => {
  expect(await send()).toBeUndefined();
  const [{ headers, body }] = receiver().received as [Received];
  expect(headers['content-type']).toBe('application/json');
  expect(JSON.parse(body)).toEqual(notice);
  const snippet = /```js\n(import .*?)```/s.exec(readFileSync('docs/notify.md', 'utf8'))![1]!;
  writeFileSync(folder('verify.mjs'), snippet);
  const { verify } = await import(pathToFileURL(folder('verify.mjs')).href);
  const signature = headers['voxtally-signature'] as string;
  expect(verify(signature, body, secret)).toBe(true);
  expect(verify(signature, Buffer.from(body), secret)).toBe(true);
  expect(verify(signature, `${body} `, secret)).toBe(false);
  expect(verify(signature, body, `${secret}.`)).toBe(false);
  expect(verify(signature, body, secret, -1)).toBe(false);
  const earlier = signature.replace(/t=\d+/, (text) => `t=${Number(text.slice(2)) - 1}`);
  expect(verify(earlier, body, secret)).toBe(false);
  expect(verify(undefined, body, secret)).toBe(false);
});

test.each<[(number | 'silent')[], number, RegExp | undefined]>([
  [[503, 429], 3, undefined],
  [['silent'], 2, undefined],
  [[500, 502, 503], 3, /was not told of the end of the run after 3 tries: it answers 503$/],
  [[404], 1, /: it answers 404$/],
  [[302], 1, /it answers 302, and redirects are not followed; give its last address$/],
  [['silent', 'silent', 'silent'], 3, /no answer within 0.3 s$/],
])('where the answers are %j, it is tried %i times', async (answers, tries, message) => {
  receiver().answers = answers;
  const failure = await send();
  if (message === undefined) expect(failure).toBeUndefined();
  else expect(failure).toMatch(message);
  expect(receiver().received).toHaveLength(tries);
  expect(receiver().received.every(({ path }) => path === '/hook')).toBe(true);
});

test('where nobody listens, the address is named without what may be a secret in it', async () => {
  const { url } = receiver();
  await receiver().stop();
  const failure = await send(`${url}/token-4711`);
  expect(failure).toMatch(/^http:\/\/127\.0\.0\.1:\d+ was not told .* \(ECONNREFUSED\)$/);
});

test.each([
  ['not an address', secret, 'not an address'],
  ['ftp://example.org/', secret, 'ftp: is not http: or https:'],
  ['file:///etc/passwd', secret, 'file: is not http: or https:'],
  ['https://me:word@example.org/', secret, 'no user and password'],
  ['https://example.org/', undefined, 'VOXTALLY_NOTIFY_SECRET is not set'],
  ['https://example.org/', 'short', 'has 5 characters'],
])('%s with the secret %s is refused', (address, given, message) => {
  expect(() => notifyTarget(address, given)).toThrow(message);
});
