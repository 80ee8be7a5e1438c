/** What a Redis server refuses, in words that say what to do. A refusal begins with a word of its own. */
import type { ErrorCode } from '../../base/error-codes.ts';
import { MachineError } from '../../base/errors.ts';

const remedies: Readonly<Record<string, readonly [code: ErrorCode, what: string]>> = {
  NOAUTH: ['redis-denied', 'it wants a password; give it in the address, redis://:PASSWORD@host:port'],
  WRONGPASS: ['redis-denied', 'it refuses the user name or password of the address; correct them'],
  NOPERM: [
    'redis-denied',
    'its user may not do what the queue needs; allow it (ACL SETUSER NAME ~PREFIX:* &PREFIX:* +@all -@admin -@dangerous +info)',
  ],
  READONLY: ['redis-readonly', 'it is a replica and takes no writes; name the primary by --redis'],
  OOM: [
    'redis-full',
    'its memory is full; raise its maxmemory or delete what others keep there, and what waits goes on by itself',
  ],
  BUSY: ['redis-busy', 'it is busy with a script; wait, or end the script with redis-cli script kill'],
  LOADING: ['redis-loading', 'it is still loading its data; try again in a moment'],
  MISCONF: ['redis-full', 'it cannot save its data; look at its log and its disk'],
  MASTERDOWN: ['redis-readonly', 'it is a replica that has lost its primary; name the primary by --redis'],
  CLUSTERDOWN: ['redis-cluster', 'its cluster is down; repair it'],
  CROSSSLOT: [
    'redis-cluster',
    "it is a cluster, which must keep the queue on one node: give --redis-prefix '{voxtally}' to all commands",
  ],
  MOVED: ['redis-cluster', 'it is a cluster whose other node holds this prefix'],
};

/** What connections say of a server that is away. */
const silence = /^(Command timed out|Connection is closed|Socket closed)/;

/** The refusal or the silence of a server as an error of this package; undefined for any other error. */
export function redisFault(error: unknown, place: string): MachineError | undefined {
  const message = error instanceof Error ? error.message : String(error);
  // Errors inside scripts come wrapped: "ERR Error running script ...: -OOM command not allowed".
  const word = /user executing the script can't run/.test(message)
    ? 'NOPERM'
    : Object.keys(remedies).find((name) => new RegExp(`(^|[\\s:-])${name}\\s`).test(message));
  if (word === undefined) {
    if (!silence.test(message)) return undefined;
    return new MachineError(
      'redis-silent',
      `Redis at ${place} does not answer; start it, or look at the network`,
      {
        field: 'redis.url',
        cause: error,
      },
    );
  }
  const [code, what] = remedies[word]!;
  const node = word === 'MOVED' ? /MOVED \d+ (\S+)/.exec(message)?.[1] : undefined;
  const remedy = node === undefined ? what : `${what}; name that node: --redis redis://${node}`;
  return new MachineError(code, `Redis at ${place} refuses (${word}): ${remedy}`, {
    field: 'redis.url',
    cause: error,
  });
}

/** Whether an error is the server's or the connection's, and may be over when asked again. */
export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof MachineError) return error.code.startsWith('redis-');
  return (
    error.name === 'ReplyError' ||
    /^(Command timed out|Connection is closed|Socket closed)/.test(error.message)
  );
}
