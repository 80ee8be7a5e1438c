/**
 * What can be done with a run from its page: cancel it, try its failed cases again, change its priority. Only where
 * writes are allowed, which needs credentials. A form carries a token of its own, that no other site can read.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import type { Monitor } from '../../engines/monitor.ts';
import type { RunStatus } from '../../engines/status.ts';
import { html, type Markup } from './html.ts';
import { faultPage } from './layout.ts';
import { runId } from './query.ts';
import { isOver } from './run-parts.ts';

/** What the engine does on request. Each throws a UsageError for a run that is not in a state for it. */
export interface RunControl {
  cancel(run: string): Promise<void>;
  retry(run: string): Promise<unknown>;
  prioritise(run: string, priority: number): Promise<void>;
}

/** Lower is sooner. */
export const priorities = { least: 1, most: 1000 } as const;

const form = z.object({
  token: z.string(),
  priority: z.coerce.number().int().min(priorities.least).max(priorities.most).optional(),
});
const names = z.enum(['cancel', 'retry', 'priority']);
type ActionName = z.infer<typeof names>;

export class RunActions {
  readonly #secret = randomBytes(32);
  readonly #control: RunControl;
  readonly #monitor: Monitor;
  readonly #hasQueues: boolean;

  constructor(control: RunControl, monitor: Monitor, hasQueues: boolean) {
    this.#control = control;
    this.#monitor = monitor;
    this.#hasQueues = hasQueues;
  }

  /** The forms of a run's page, those that make sense in its state. */
  forms(run: RunStatus): Markup {
    const isGoing = !isOver(run);
    const unscored = run.cases.failed + run.cases.incomplete;
    const canRetry = !isGoing && (unscored > 0 || run.state !== 'done');
    return html`<div class="actions" role="group" aria-label="What can be done">
${isGoing && this.#form(run, 'cancel', html`<button class="button field">Cancel the run</button>`)}
${canRetry && this.#form(run, 'retry', html`<button class="button field">${run.state === 'done' ? 'Try failed cases again' : 'Go on with the run'}</button>`)}
${
  isGoing &&
  this.#form(
    run,
    'priority',
    html`<label>Priority, lower is sooner<input class="field" type="number" name="priority" min="${priorities.least}" max="${priorities.most}" value="${run.priority}" required></label><button class="button field">Set</button>`,
  )
}
</div>`;
  }

  routes(): Hono {
    const routes = new Hono();
    routes.post('/runs/:id/:action{(cancel|retry|priority)}', async (context) => {
      const id = runId.safeParse(context.req.param('id'));
      const action = names.safeParse(context.req.param('action'));
      const run = id.success ? await this.#monitor.run(id.data) : undefined;
      if (!run || !action.success) return context.notFound();
      const given = form.safeParse(Object.fromEntries(await context.req.formData()));
      const refuse = (message: string, status: 400 | 403 | 409) =>
        context.html(faultPage({ title: 'Not done', message }, this.#hasQueues), status);
      if (!given.success) return refuse('The form is not complete: go back and load the page again.', 400);
      if (!this.#isOurs(given.data.token, run.id, action.data)) {
        return refuse(
          'The form is not from this dashboard, or older than its start: load the page again.',
          403,
        );
      }
      try {
        await this.#do(run.id, action.data, given.data.priority ?? run.priority);
      } catch (error) {
        if (error instanceof UsageError) return refuse(error.message, 409);
        throw error;
      }
      return context.redirect(`/runs/${encodeURIComponent(run.id)}`, 303);
    });
    return routes;
  }

  async #do(run: string, action: ActionName, priority: number): Promise<void> {
    if (action === 'cancel') await this.#control.cancel(run);
    else if (action === 'retry') await this.#control.retry(run);
    else await this.#control.prioritise(run, priority);
  }

  #form({ id }: RunStatus, action: ActionName, content: Markup): Markup {
    return html`<form method="post" action="/runs/${encodeURIComponent(id)}/${action}"><input type="hidden" name="token" value="${this.#token(id, action)}">${content}</form>
`;
  }

  /** Of one action on one run, good until the dashboard ends. */
  #token(run: string, action: ActionName): string {
    return createHmac('sha256', this.#secret).update(`${action} ${run}`).digest('base64url');
  }

  #isOurs(token: string, run: string, action: ActionName): boolean {
    const [given, own] = [Buffer.from(token), Buffer.from(this.#token(run, action))];
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
