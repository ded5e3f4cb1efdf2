import type { TestContext } from 'node:test';
import { type BudgetStatus, defineBudget, type Limits, TokenBudgetTracker } from '../../src/budget/index.ts';
import { type BudgetFetchOptions, budgetFetch } from '../../src/clients/fetch/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { messagesExchanges, ownExchanges } from '../exchanges/index.ts';
import { agentModel } from '../support/agent-model.ts';
import {
  type ReplayBehaviour,
  type ReplayServer,
  replayHeaders,
  startReplayServer,
} from '../support/replay-server.ts';

export function trackerOf(limits: Limits): TokenBudgetTracker {
  return new TokenBudgetTracker(defineBudget({ name: 'b', limits }), { store: new MemoryStore() });
}

export interface BudgetedFetch {
  readonly fetch: typeof fetch;
  readonly server: ReplayServer;
  readonly tracker: TokenBudgetTracker;
  readonly balances: () => BudgetStatus['balances'];
  /** Posts a JSON body to a path; `id` selects the exchange that responds. */
  readonly post: (
    path: string,
    body: object,
    id?: string,
    behaviour?: ReplayBehaviour,
    init?: RequestInit,
  ) => Promise<Response>;
}

/** Starts a replay server, and creates a budget and a `fetch` that charges the calls to that server. */
export async function startBudgetedFetch(
  t: TestContext,
  limits: Limits = { costUsd: 10 },
  options: Omit<BudgetFetchOptions, 'tracker'> = {},
): Promise<BudgetedFetch> {
  const server = await startReplayServer({
    exchanges: [...ownExchanges, ...messagesExchanges],
    choose: agentModel,
  });
  t.after(() => server.close());
  const tracker = trackerOf(limits);
  const charged = budgetFetch({ tracker, ...options });
  return {
    fetch: charged,
    server,
    tracker,
    balances: () => (tracker.status() as BudgetStatus).balances,
    post: (path, body, id, behaviour, init = {}) =>
      charged(server.url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...replayHeaders(id, behaviour), ...init.headers },
      }),
  };
}

export const CHAT = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }],
};

export const MESSAGES = {
  model: 'claude-sonnet-4-6',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'How warm is it in Nuuk?' }],
};
