/**
 * What admission adds to a call: the time of `chat.completions.create` over an in-process fetch, bare and under the
 * preload with each mode and store.
 *
 * Method: a process for each set-up, 300 calls to warm up and 3,000 measured, one after another; five rounds with the
 * set-ups interleaved; of each set-up the median of the rounds' medians, and its ratio to the bare SDK of the same run.
 *
 *   npm run build && node bench/admission.ts
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 5;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REGISTER = join(ROOT, 'dist', 'register.js');
const REDIS_PORT = 16_399;

const CALLS = `
import OpenAI from 'openai';
const answer = JSON.stringify({ id: 'x', model: 'gpt-4o-mini', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } }], usage: { prompt_tokens: 12, completion_tokens: 2 } });
const client = new OpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0, fetch: async () => new Response(answer, { headers: { 'content-type': 'application/json' } }) });
const body = { model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'system', content: 'Be short.' }, { role: 'user', content: 'Say hello.' }] };
const times = [];
for (let n = 0; n < 3300; n += 1) {
  const from = performance.now();
  await client.chat.completions.create(body);
  if (n >= 300) times.push(performance.now() - from);
}
times.sort((a, b) => a - b);
process.stdout.write(String(times[times.length >> 1] * 1000));
process.exit();
`;

interface SetUp {
  readonly name: string;
  readonly env?: Record<string, string>;
}

const dir = mkdtempSync(join(tmpdir(), 'otel-token-budget-bench-'));
const redis = startRedis();
const setUps: SetUp[] = [
  { name: 'bare SDK' },
  { name: 'observe, memory', env: { TOKEN_BUDGET_MODE: 'observe' } },
  { name: 'soft, memory', env: { TOKEN_BUDGET_MODE: 'soft' } },
  { name: 'strict, memory', env: {} },
  { name: 'strict, memory, spans not sampled', env: { OTEL_TRACES_SAMPLER: 'always_off' } },
  { name: 'strict, SQLite', env: { TOKEN_BUDGET_STORE: `sqlite:${join(dir, 'ledger.db')}` } },
  ...(redis === undefined
    ? []
    : [
        { name: 'strict, Redis with slices', env: { TOKEN_BUDGET_STORE: `redis://127.0.0.1:${REDIS_PORT}` } },
      ]),
];

const medians = new Map<string, number[]>(setUps.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, env } of setUps) medians.get(name)?.push(measure(env));
}
report();
redis?.kill();
rmSync(dir, { recursive: true, force: true });

function measure(env: Record<string, string> | undefined): number {
  const preload = env === undefined ? [] : ['--require', REGISTER];
  const out = execFileSync(process.execPath, [...preload, '--input-type=module', '-e', CALLS], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      TOKEN_BUDGET_USD: '1000000',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      ...env,
    },
  });
  return Number(out.toString());
}

function report(): void {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const bare = middle(medians.get('bare SDK') ?? []);
  console.log(`| set-up | µs a call | added | ratio |\n| --- | --: | --: | --: |`);
  for (const [name, values] of medians) {
    const median = middle(values);
    console.log(
      `| ${name} | ${median.toFixed(0)} | ${(median - bare).toFixed(0)} | ${(median / bare).toFixed(2)} |`,
    );
  }
  if (redis === undefined) console.log('Redis: redis-server was not found');
}

function startRedis() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const server = spawn(
    'redis-server',
    ['--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '', '--dir', dir],
    {
      stdio: 'ignore',
    },
  );
  execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 500)']);
  return server;
}
