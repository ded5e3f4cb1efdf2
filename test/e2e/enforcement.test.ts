import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

const BUDGET = `
const { defineBudget, MemoryStore, TokenBudgetTracker, withBudget } = await import(process.env.PACKAGE);
const newTracker = (options) =>
  new TokenBudgetTracker(defineBudget({ name: 'mine', limits: { calls: 1 } }), { store: new MemoryStore(), ...options });
const call = () => client.chat.completions.create(CHAT, replay('chat-plain'));
`;

const UNMETERED = /no client of a model is metered in this process, so "mine" counted and refused nothing/;

describe('a budget that nothing enforces', { concurrency: 2 }, () => {
  test('says so once, where withBudget is used without the preload', async () => {
    const { stderr, code } = await runScript({
      args: [],
      script: `${BUDGET}
        const tracker = newTracker();
        await withBudget(tracker, async () => { await call(); await call(); });
        await withBudget(tracker, call);`,
    });
    assert.equal(code, 0);
    assert.equal(stderr.split('\n').filter((line) => UNMETERED.test(line)).length, 1, stderr);
  });

  test('says nothing where a client is metered by code', async () => {
    const { stderr, printed } = await runScript({
      args: [],
      script: `${BUDGET}
        const { instrumentClient } = await import(process.env.PACKAGE);
        const tracker = newTracker();
        await withBudget(tracker, async () => {
          instrumentClient(client, { tracker });
          await call();
          await call().catch((error) => print(error.code));
        });`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, ['token_budget_exceeded']);
  });

  test('throws where enforcement is required', async () => {
    const { printed } = await runScript({
      args: [],
      script: `${BUDGET}
        try { await withBudget(newTracker({ requireEnforcement: true }), call); } catch (error) { print(failure(error)); }`,
    });
    const [error] = printed as { code: string; name: string; message: string }[];
    assert.equal(error?.code, 'token_budget_not_enforced');
    assert.match(error.message, /^withBudget: no client of a model is metered/);
  });

  test('is a warning of a job, and an error of one that requires enforcement', async () => {
    const { printed, stderr } = await runScript({
      args: [],
      script: `${BUDGET}
        const { LongRunningOrchestrator, runJob } = await import(process.env.PACKAGE.replace('index.js', 'jobs/index.js'));
        const steps = [{ name: 'one', run: call }];
        const result = await new LongRunningOrchestrator({ job: 'a', tracker: newTracker() }).run(steps);
        print(result.warnings);
        const strict = await new LongRunningOrchestrator({ job: 'b', tracker: newTracker({ requireEnforcement: true }) }).run(steps);
        print([strict.reason, strict.error?.message ?? '']);
        await runJob({ name: 'c', steps }, {}, { requireEnforcement: true, directory: 'jobs' }).catch((error) => print(error.code));`,
    });
    const [warnings, required] = printed as [string[], [string, string], string];
    assert.match(warnings.join('\n'), UNMETERED);
    assert.match(stderr, UNMETERED);
    assert.equal(required[0], 'error');
    assert.match(required[1], /requireEnforcement is set/);
    assert.equal(printed[2], 'token_budget_not_enforced');
  });

  for (const transport of ['fetch', 'node:http']) {
    test(`says that a copy of openai is not metered that was bundled into the program, over ${transport}`, async () => {
      const { stderr, printed } = await runScript({
        args: ['--import', registerPath],
        openaiLate: true,
        // A copy that the hook of modules does not recognize, with the headers of the SDK.
        script: `const headers = { 'user-agent': 'OpenAI/JS 7.1.0', 'content-type': 'application/json' };
          const { request } = await import('node:http');
          const { tracker } = globalThis[Symbol.for('otel-token-budget.preloaded')];
          tracker.on((event) => print([event.type, event.budget]));
          const body = JSON.stringify(CHAT);
          const send = ${
            transport === 'fetch'
              ? "() => fetch(url + '/v1/chat/completions', { method: 'POST', headers, body }).then((answer) => answer.text())"
              : "() => new Promise((resolve) => request(url + '/v1/chat/completions?x=1', { method: 'POST', headers }, (answer) => answer.resume().on('end', resolve)).end(body))"
          };
          await send();
          await send();
          await fetch(url + '/v1/models', { headers });`,
        env: { TOKEN_BUDGET_USD: '1' },
      });
      const lines = stderr.trim().split('\n');
      assert.equal(lines.length, 1, stderr);
      assert.match(
        stderr,
        /POST http:\/\/[\d.:]+\/v1\/chat\/completions left from a copy of openai 7\.1\.0 that is not metered, so "default" did not count it/,
      );
      assert.deepEqual(printed, [['not_enforced', 'default']]);
    });
  }
});

describe('the budget of a process', { concurrency: 2 }, () => {
  test('is charged for the calls of withBudget too, and refuses them', async () => {
    const { printed } = await runScript({
      script: `${BUDGET}
        const tracker = newTracker();
        const detached = newTracker({ detached: true });
        await withBudget(tracker, call);
        await withBudget(tracker, call).catch((error) => print([error.code, error.budget]));
        const other = new TokenBudgetTracker(defineBudget({ name: 'other', limits: { calls: 9 } }), { store: new MemoryStore() });
        await withBudget(other, call).catch((error) => print([error.code, error.budget]));
        await withBudget(other, call).catch((error) => print([error.code, error.budget]));
        await withBudget(detached, call);
        print([budget(), tracker, other, detached].map((each) => each.remaining.calls));`,
      env: { TOKEN_BUDGET_CALLS: '2' },
    });
    assert.deepEqual(printed, [
      ['token_budget_exceeded', 'mine'],
      ['token_budget_exceeded', 'default'],
      [0, 0, 8, 0],
    ]);
  });
});

describe('a copy of openai that cannot be metered', { concurrency: 2 }, () => {
  const LOAD = `const { mkdirSync, writeFileSync } = await import('node:fs');
    mkdirSync('other', { recursive: true });
    writeFileSync('other/package.json', '{ "name": "openai", "version": "9.0.0" }');
    writeFileSync('other/client.js', 'class OpenAI { makeRequest() {} }\\nmodule.exports = { OpenAI };');
    await import('./other/client.js');
    console.log('"went on"');`;

  for (const [name, config, exits] of [
    ['strict', {}, true],
    ['strict, and enforcement is not required', { requireEnforcement: false }, false],
    ['soft', { mode: 'soft' }, false],
    ['soft, and enforcement is required', { mode: 'soft', requireEnforcement: true }, true],
  ] as const) {
    test(`${exits ? 'ends the process' : 'is reported'} when it is loaded: ${name}`, async () => {
      const { stderr, code, printed } = await runScript({
        openaiLate: true,
        script: LOAD,
        config,
        env: { TOKEN_BUDGET_USD: '1' },
      });
      assert.match(
        stderr,
        /openai 9\.0\.0 \(file:.*other\/client\.js\) is not metered: expected >=4\.19\.0 <8/,
      );
      assert.equal(code, exits ? 78 : 0);
      assert.deepEqual(printed, exits ? [] : ['went on']);
    });
  }

  test('sends no request where enforcement is required', async () => {
    const { stderr, code, server } = await runScript({
      openaiLate: true,
      script: `await fetch(url + '/v1/chat/completions', { method: 'POST', headers: { 'user-agent': 'OpenAI/JS 7.1.0' }, body: '{}' });`,
      config: { requireEnforcement: true },
      env: { TOKEN_BUDGET_USD: '1' },
    });
    assert.equal(code, 78);
    assert.match(stderr, /that is not metered.*\n.*requireEnforcement is set/);
    assert.equal(server.account.length, 0);
  });
});
