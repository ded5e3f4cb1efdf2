import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { type Balances, defineBudget } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { ownExchanges } from '../exchanges/index.ts';
import { type AppDir, makeAppDir, makeWorkspaceDir } from './app-dir.ts';
import { eventually } from './eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import type { Workspace } from './paths.ts';
import type { RedisServer } from './redis-server.ts';
import { startReplayServer } from './replay-server.ts';
import { type NodeResult, type RunningNode, registerPath, startNode } from './run-node.ts';

/** A program that spends from a local quota, and how it ends. */
export interface ExitRun {
  /** The code of the program before its calls, with its imports. */
  readonly before?: string;
  /** The code after its calls. `call()` makes another one; `stay()` keeps it alive and says that it is ready. */
  readonly ending: string;
  /** The workspace whose packages it imports. */
  readonly workspace?: Workspace;
  /** The code of a CommonJS module that is loaded before the preload. */
  readonly first?: string;
  /** What is done to the program once it says that it is ready; a signal is sent to it. */
  readonly act?: NodeJS.Signals | ((running: RunningNode, view: ExitView) => unknown);
  /** Starts it otherwise than by Node itself. */
  readonly start?: (args: readonly string[], app: AppDir, env: Record<string, string>) => RunningNode;
  /** False: without the preload. */
  readonly preload?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** What is seen of a program while it runs. */
export interface ExitView {
  readonly app: AppDir;
  /** How many spans of its calls have arrived. */
  readonly spans: () => number;
  /** The ledger; without the preload undefined. */
  readonly ledger: () => Promise<Balances | undefined>;
}

/** How a program ended, and what is left of it. */
export interface ExitResult extends NodeResult {
  readonly otlp: OtlpReceiver;
  /** The spans of its calls. */
  readonly spans: number;
  /** How many calls the service answered, and the tokens that they used. */
  readonly answered: { readonly calls: number; readonly tokens: number };
  /** The ledger, without the preload undefined. */
  readonly ledger: Balances | undefined;
}

const APP = ({ before = '', ending }: ExitRun) => `
import OpenAI from 'openai';
${before}
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] };
const call = () => client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } });
const stay = () => {
  setInterval(() => {}, 1000);
  console.log('ready');
};
for (let n = 0; n < 4; n += 1) await call();
${ending}
`;

let runs = 0;

/** Runs a program to its end, with a budget of its own in Redis. */
export async function runToExit(redis: RedisServer, run: ExitRun): Promise<ExitResult> {
  runs += 1;
  const name = `exit-${process.pid}-${runs}`;
  const app = run.workspace === undefined ? makeAppDir() : makeWorkspaceDir(run.workspace, '7');
  const otlp = await startOtlpReceiver();
  const server = await startReplayServer({ exchanges: ownExchanges });
  const store = new RedisStore({ url: redis.url, timeoutMs: 5_000 });
  const limits = { tokens: 1_000_000 };
  const budget = defineBudget({ name, limits });
  const isPreloaded = run.preload !== false;
  const spans = (): number => otlp.spans().filter(({ scope }) => scope === 'otel-token-budget').length;
  const ledger = async () => (isPreloaded ? store.balances(budget) : undefined);
  try {
    app.write('app.mjs', APP(run));
    // A busy machine may take longer than the default.
    const settings = { name, limits, store: redis.url, flushTimeoutMs: 30_000 };
    const config = app.write('budget.json', JSON.stringify(settings));
    const first = run.first === undefined ? [] : ['--require', app.write('first.cjs', run.first)];
    const args = [...first, ...(isPreloaded ? ['--require', registerPath] : []), 'app.mjs'];
    const env = { ...otlp.env, REPLAY_URL: server.url, TOKEN_BUDGET_CONFIG: config, ...run.env };
    const running = run.start?.(args, app, env) ?? startNode({ args, cwd: app.path, env });
    if (run.act !== undefined) {
      await running.waitForOutput(/ready/);
      // The quota is reserved in the background.
      if (isPreloaded)
        await eventually('a quota is held', async () => (await store.balances(budget)).reserved.calls > 0);
      if (typeof run.act === 'string') running.child.kill(run.act);
      else await run.act(running, { app, spans, ledger });
    }
    const result = await running.result;
    const sent = server.account.filter(({ outcome }) => outcome === 'sent');
    const tokens = sent.map(({ billed }) => (billed?.input ?? 0) + (billed?.output ?? 0));
    return {
      ...result,
      otlp,
      spans: spans(),
      answered: { calls: sent.length, tokens: tokens.reduce((sum, one) => sum + one, 0) },
      ledger: await ledger(),
    };
  } finally {
    await Promise.all([otlp.close(), server.close(), store.close()]);
    app.remove();
  }
}

/** Runs a program with the preload and without; asserts that it ends the same, and that all exit work was done. */
export async function assertSameEnd(redis: RedisServer, run: ExitRun): Promise<void> {
  const bare = await runToExit(redis, { ...run, preload: false });
  const ended = await runToExit(redis, run);
  const endOf = ({ code, signal, stdout }: ExitResult) => [code, signal, stdout];
  assert.deepEqual(endOf(ended), endOf(bare), ended.stderr);
  assertExitWork(ended);
}

/** Asserts that the spans of all calls were sent, that they were charged what they used, and that nothing is reserved. */
export function assertExitWork({ spans, answered, ledger, stderr }: ExitResult): void {
  assert.equal(spans, answered.calls, stderr);
  assert.ok(ledger !== undefined && answered.calls > 0);
  assert.deepEqual([ledger.settled.calls, ledger.settled.tokens], [answered.calls, answered.tokens]);
  assert.deepEqual([ledger.reserved.calls, ledger.reserved.tokens, ledger.open], [0, 0, 0]);
}

/**
 * Sends a signal again and again while a process does its exit work. Not at once: between a listener's first statement and its
 * `process.exit()` or `process.kill()`, a second signal ends any process whose listeners were for one.
 */
export function repeatSignal(child: ChildProcess, signal: NodeJS.Signals): void {
  const begin = setTimeout(() => {
    const timer = setInterval(() => child.kill(signal), 5);
    child.once('exit', () => clearInterval(timer));
  }, 30);
  child.once('exit', () => clearTimeout(begin));
}
