import { setTimeout as sleep } from 'node:timers/promises';
import { makeAppDir } from './app-dir.ts';
import type { Exchange } from './exchange.ts';
import { type ReplayServer, startReplayServer } from './replay-server.ts';
import { type RunningNode, registerPath, startNode } from './run-node.ts';

/** What each call of the spenders costs, and what the service bills for it: gpt-5.2-pro at $21.00 and $168.00 a million. */
const INPUT_TOKENS = 11;
const OUTPUT_TOKENS = 100;
const NANO_PER_INPUT = 21_000;
const NANO_PER_OUTPUT = 168_000;

const spend: Exchange = {
  id: 'spend',
  provider: 'openai',
  path: '/v1/chat/completions',
  status: 200,
  contentType: 'application/json',
  stream: false,
  request: {},
  response: {
    id: 'chatcmpl-spend',
    model: 'gpt-5.2-pro',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'spent' } }],
    usage: { prompt_tokens: INPUT_TOKENS, completion_tokens: OUTPUT_TOKENS },
  },
};

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
  const server = await startReplayServer({
    exchanges: [spend],
    behaviour: () => ({ delayMs: Math.floor(random() * 40) }),
  });
  try {
    const config = app.write('budget.json', JSON.stringify(options.config));
    const running = Array.from({ length: options.processes }, () => start(app.path, server, config, options));
    const deaths = running.slice(0, options.kills).map((one) => killLater(one, random));
    const event =
      options.meanwhile === undefined ? undefined : afterReady(running, random, options.meanwhile);
    const killed = (await Promise.all(deaths)).filter(Boolean).length;
    await event;
    const results = await Promise.all(running.map(({ result }) => result));
    return {
      billed: billOf(server),
      calls: server.account.length,
      killed,
      outputs: results.map(({ stdout }) => stdout),
      stderr: results.map(({ stderr }) => stderr).join(''),
    };
  } finally {
    await server.close();
    app.remove();
  }
}

function start(cwd: string, server: ReplayServer, config: string, options: SpendersOptions): RunningNode {
  return startNode({
    args: ['--require', registerPath, 'spender.mjs'],
    cwd,
    timeoutMs: 60_000,
    env: {
      REPLAY_URL: server.url,
      WORKERS: String(options.workers),
      TOKEN_BUDGET_CONFIG: config,
      OTEL_SDK_DISABLED: 'true',
      ...(options.maxCalls === undefined ? {} : { MAX_CALLS: String(options.maxCalls) }),
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

function billOf(server: ReplayServer): number {
  let nano = 0;
  for (const { billed } of server.account) {
    if (billed !== undefined) nano += billed.input * NANO_PER_INPUT + billed.output * NANO_PER_OUTPUT;
  }
  return nano;
}
