import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAppDir } from './app-dir.ts';
import { listen, readBody } from './http.ts';
import { parseObject } from './json.ts';
import { type RunningNode, registerPath, startNode } from './run-node.ts';

/** What the service bills: gpt-5.2 at $1.75 and $14.00 a million tokens, for 11 and up to 100, as far as the cap allows. */
const INPUT_TOKENS = 11;
const OUTPUT_TOKENS = 100;
const NANO_PER_INPUT = 1_750;
const NANO_PER_OUTPUT = 14_000;

/** A service that takes its time, and keeps an account of what it bills. */
export async function startService(random: () => number) {
  const account = { billed: 0, calls: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = parseObject((await readBody(request)).toString('utf8'));
    await sleep(random() * 40);
    const output = Math.min(OUTPUT_TOKENS, Number(body?.['max_tokens'] ?? OUTPUT_TOKENS));
    // Billed whether or not the caller lives to hear of it.
    account.billed += INPUT_TOKENS * NANO_PER_INPUT + output * NANO_PER_OUTPUT;
    account.calls += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: `chatcmpl-${account.calls}`,
        model: 'gpt-5.2',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'spent' } }],
        usage: { prompt_tokens: INPUT_TOKENS, completion_tokens: output },
      }),
    );
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  // A program that was held up for longer than the default, 5 s, would find its connections closed under its calls.
  server.keepAliveTimeout = 120_000;
  return { account, ...(await listen(server)) };
}

/** Numbers from 0 to 1 that are the same for a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SpendersOptions {
  readonly seed: number;
  readonly processes: number;
  readonly workers: number;
  /** How many of the processes are killed, at random moments. */
  readonly kills: number;
  /** The settings file of the processes. */
  readonly config: object;
  /** Done once, at a random moment of the round. */
  readonly meanwhile?: () => Promise<void>;
  readonly maxCalls?: number;
  /** More of the environment of the processes. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Spent {
  /** What the server billed by its own account, nano-USD. */
  readonly billed: number;
  readonly calls: number;
  readonly killed: number;
  readonly outputs: readonly string[];
  readonly stderr: string;
}

/** Runs processes that spend one budget in parallel until it refuses, kills some of them, and asks the server for its bill. */
export async function runSpenders(options: SpendersOptions): Promise<Spent> {
  const random = randomOf(options.seed);
  const app = makeAppDir();
  const service = await startService(random);
  try {
    const config = app.write('budget.json', JSON.stringify(options.config));
    const running = Array.from({ length: options.processes }, () =>
      start(app.path, service.url, config, options),
    );
    const deaths = running.slice(0, options.kills).map((one) => killLater(one, random));
    const event =
      options.meanwhile === undefined ? undefined : afterReady(running, random, options.meanwhile);
    const killed = (await Promise.all(deaths)).filter(Boolean).length;
    await event;
    const results = await Promise.all(running.map(({ result }) => result));
    return {
      billed: service.account.billed,
      calls: service.account.calls,
      killed,
      outputs: results.map(({ stdout }) => stdout),
      stderr: results.map(({ stderr }) => stderr).join(''),
    };
  } finally {
    await service.close();
    app.remove();
  }
}

function start(cwd: string, url: string, config: string, options: SpendersOptions): RunningNode {
  return startNode({
    args: ['--require', registerPath, 'spender.mjs'],
    cwd,
    timeoutMs: 60_000,
    env: {
      REPLAY_URL: url,
      WORKERS: String(options.workers),
      TOKEN_BUDGET_CONFIG: config,
      OTEL_SDK_DISABLED: 'true',
      ...(options.maxCalls === undefined ? {} : { MAX_CALLS: String(options.maxCalls) }),
      ...options.env,
    },
  });
}

/** Kills a process somewhere in its first second of work. True where it was still at work. */
async function killLater(one: RunningNode, random: () => number): Promise<boolean> {
  const after = random() * 700;
  await one.waitForOutput(/ready/);
  await sleep(after);
  return one.child.kill('SIGKILL');
}

async function afterReady(
  running: readonly RunningNode[],
  random: () => number,
  run: () => Promise<void>,
): Promise<void> {
  const after = 100 + random() * 400;
  await Promise.all(running.map((one) => one.waitForOutput(/ready/).catch(() => undefined)));
  await sleep(after);
  await run();
}
