/** Exit status of a process that an interrupt ended: 128 + SIGINT. */
export const interruptedStatus = 130;

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work` with a signal that the first interrupt aborts, after `announce`; the second ends the process at once.
 * The handlers are gone when the work is over.
 */
export async function interruptible<T>(
  announce: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(interruptedStatus);
    announce();
    controller.abort();
  };
  for (const name of signals) process.on(name, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
