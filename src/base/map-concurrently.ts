import { Observable } from 'rxjs';

/**
 * Works on at most `lanes` items at a time and pulls an item only when a lane is free, which `mergeMap` does not: it
 * takes in all that its source has. Results come as they are ready. On an error or when unsubscribed nothing more is
 * pulled, and `signal` is aborted for the work that goes on; the error is passed on when that has ended, so that nothing
 * runs behind the back of whoever cleans up.
 */
export function mapConcurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  lanes: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Observable<R> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const stopped = () => subscriber.closed || abort.signal.aborted;
    let failure: { readonly error: unknown } | undefined;
    const lane = async () => {
      try {
        while (!stopped()) {
          const next = await iterator.next();
          if (next.done || stopped()) return;
          subscriber.next(await work(next.value, abort.signal));
        }
      } catch (error) {
        failure ??= { error };
        abort.abort();
      }
    };
    Promise.all(Array.from({ length: lanes }, lane)).then(() => {
      if (failure) subscriber.error(failure.error);
      else subscriber.complete();
    });
    return () => abort.abort();
  });
}
