import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { listen } from '../support/http.ts';
import { REPO_ROOT } from '../support/paths.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type ReplayServer, startReplayServer } from '../support/replay-server.ts';
import { command, testDirectory } from './run-cli.ts';

/** Calls, takes the store away, and calls again. */
const AGENT = `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
const one = () => client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } }).then(() => 'sent', (error) => error.code);
console.log(await one());
if (process.env.TAKE_AWAY) {
  await fetch(process.env.TAKE_AWAY);
  console.log(await one());
}`;

describe('run, with a store that cannot be used', { concurrency: 2 }, () => {
  const directory = testDirectory();
  let server: ReplayServer;

  before(async () => {
    server = await startReplayServer({ exchanges: ownExchanges });
    mkdirSync(join(directory.path, 'node_modules'));
    symlinkSync(join(REPO_ROOT, 'node_modules', 'openai'), join(directory.path, 'node_modules', 'openai'));
    directory.write('agent.mjs', AGENT);
    directory.write('text.db', 'this is not a ledger\n'.repeat(500));
  });
  after(() => server.close());

  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    command(['run', '--calls', '5', ...args, '--', 'node', 'agent.mjs'], {
      cwd: directory.path,
      env: { REPLAY_URL: server.url, OTEL_SDK_DISABLED: 'true', ...more },
    });

  it('does not start the command, and names the option or the variable', async () => {
    const option = await run(['--store', 'sqlite:none/x.db']);
    assert.deepEqual([option.code, option.stdout], [78, '']);
    assert.match(
      option.stderr,
      /^token-budget: --store: got "sqlite:\/.*none\/x\.db", expected a file in an existing directory\. [^\n]*\n$/,
    );
    const variable = await run([], { TOKEN_BUDGET_STORE: 'sqlite:text.db' });
    assert.deepEqual([variable.code, variable.stdout], [78, '']);
    assert.match(
      variable.stderr,
      /^token-budget: TOKEN_BUDGET_STORE: got "sqlite:text\.db", expected an SQLite file/,
    );
  });

  it('ends with 78 and a closing line if Redis refuses', { skip: REDIS_MISSING }, async () => {
    const redis = await startRedisServer({ password: 'right' });
    try {
      const { code, stdout, stderr } = await run(['--store', redis.url.replace('right', 'secret')]);
      assert.deepEqual([code, stdout], [78, '']);
      assert.match(
        stderr,
        /^otel-token-budget: TOKEN_BUDGET_STORE: [^\n]+\ntoken-budget: what was spent is not known: the store is unavailable \(.*WRONGPASS.*\)\n$/,
      );
      assert.doesNotMatch(stderr, /secret/);
    } finally {
      await redis.close();
    }
  });

  for (const failurePolicy of ['open', 'closed']) {
    it(`says what is not known if Redis is lost meanwhile: ${failurePolicy}`, {
      skip: REDIS_MISSING,
    }, async () => {
      const redis = await startRedisServer();
      const control = await listen(killing(redis));
      try {
        const settings = { failurePolicy, storeWaitMs: 500, localQuota: false };
        const config = directory.write(`${failurePolicy}.json`, JSON.stringify(settings));
        const { code, stdout, stderr } = await run(['--store', redis.url, '--config', config], {
          TAKE_AWAY: control.url,
        });
        assert.equal(
          stdout,
          failurePolicy === 'open' ? 'sent\nsent\n' : 'sent\ntoken_budget_store_unavailable\n',
        );
        assert.equal(code, 0);
        const lines = stderr
          .trimEnd()
          .split('\n')
          .filter((line) => !line.includes('append-only'));
        assert.match(lines[0] ?? '', /^otel-token-budget: the store is unavailable \(.*ECONN.*\): calls /);
        assert.match(
          lines.at(-1) ?? '',
          /^token-budget: what was spent is not known: the store is unavailable \(.*ECONN/,
        );
      } finally {
        await Promise.all([redis.close(), control.close()]);
      }
    });
  }
});

/** Kills a server when it is asked to. */
function killing(redis: RedisServer) {
  return createServer(async (_, response) => {
    await redis.kill();
    response.end();
  });
}
