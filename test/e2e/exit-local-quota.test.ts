import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BudgetDefinition, defineBudget } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { ownExchanges } from '../exchanges/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { eventually } from '../support/eventually.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { registerPath, startNode } from '../support/run-node.ts';

/** Makes enough calls to hold a local quota, and then ends. */
const APP = (ending: string) => `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] };
const call = (hang = false) => client.chat.completions.create(body, {
  headers: { 'x-replay-id': 'chat-plain', 'x-replay-behaviour': JSON.stringify({ hang }) },
});
for (let n = 0; n < 4; n += 1) await call();
${ending}
`;

/** Makes a call that is not answered, and waits until it is sent. */
const OPEN = `
await new Promise((sent) => {
  client.fetch = (...args) => {
    sent();
    return fetch(...args);
  };
  call(true).catch(() => {});
});`;

const ENDINGS: readonly { readonly how: string; readonly code: string; readonly signal?: NodeJS.Signals }[] =
  [
    { how: 'by itself', code: '' },
    { how: 'by process.exit', code: 'process.exit(0);' },
    {
      how: 'by process.exit with a call open',
      code: `${OPEN} process.exit(0);`,
    },
    {
      how: 'by SIGTERM',
      code: `setInterval(() => {}, 1000); console.log('ready');`,
      signal: 'SIGTERM',
    },
  ];

describe('a process that holds a local quota of a budget in Redis returns it when it ends', {
  skip: REDIS_MISSING,
}, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedisServer({ args: ['--appendonly', 'yes'] });
  });
  after(() => redis.close());

  for (const { how, code, signal } of ENDINGS) {
    test(how, async () => {
      const name = how.replaceAll(' ', '-');
      const app = makeAppDir();
      const server = await startReplayServer({ exchanges: ownExchanges });
      const store = new RedisStore({ url: redis.url, timeoutMs: 5_000 });
      try {
        app.write('app.mjs', APP(code));
        const config = { name, limits: { tokens: 1_000_000 }, store: redis.url };
        const running = startNode({
          args: ['--require', registerPath, 'app.mjs'],
          cwd: app.path,
          env: {
            REPLAY_URL: server.url,
            TOKEN_BUDGET_CONFIG: app.write('budget.json', JSON.stringify(config)),
            OTEL_SDK_DISABLED: 'true',
          },
        });
        const budget = defineBudget({ name, limits: { tokens: 1_000_000 } });
        if (signal !== undefined) {
          await running.waitForOutput(/ready/);
          await untilQuotaIsHeld(store, budget);
          running.child.kill(signal);
        }
        const { stderr, signal: ended } = await running.result;
        assert.deepEqual([stderr, ended], ['', signal ?? null]);
        const { settled, reserved, open } = await store.balances(budget);
        assert.deepEqual([reserved.tokens, open], [0, 0]);
        const [one] = server.account;
        const used = (one?.billed?.input ?? 0) + (one?.billed?.output ?? 0);
        // The call that was open is charged all that it reserved.
        if (how.endsWith('open'))
          assert.ok(
            settled.calls === 5 && settled.tokens > 4 * used + 50,
            `${settled.calls} calls, ${settled.tokens} tokens`,
          );
        else assert.deepEqual([settled.calls, settled.tokens], [4, 4 * used]);
      } finally {
        await Promise.all([store.close(), server.close()]);
        app.remove();
      }
    });
  }
});

/** Waits until the process holds a local quota, which it reserves in the background. */
async function untilQuotaIsHeld(store: RedisStore, budget: BudgetDefinition): Promise<void> {
  await eventually('a local quota is held', async () => (await store.balances(budget)).reserved.calls > 0);
}
