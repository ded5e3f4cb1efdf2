import { join } from 'node:path';
import type { CallsOptions, CallsResult } from '../apps/calls.ts';
import { CHAT_ONLY, INSTRUMENTATIONS, instrumentedBy } from '../harness/instrumentations.ts';
import type { Context, Part, PartResult, Table } from '../harness/part.ts';
import { type ChildOptions, HOST_SDK, REGISTER, ROOT, runApp, versionOf } from '../harness/processes.ts';
import { type RedisAt, withRedis } from '../harness/redis.ts';
import { interleave, median, medianDifference } from '../harness/rounds.ts';
import { withScratch } from '../harness/scratch.ts';

type Api = CallsOptions['api'];

interface Variant {
  readonly name: string;
  readonly options: ChildOptions;
}

/** The release of openai that all set-ups are measured on. */
const FULL = 'test/matrix/openai-6';

/** As many as it takes until the optimizing compiler of V8 has nothing more to do. */
const WARM_UP = 20_000;
const BATCHES = 30;
const BATCH = 100;
/** Of Chat Completions on that release; of what is measured beside it. */
const ROUNDS = 3;
const OTHER_ROUNDS = 2;

const NO_TELEMETRY = 'ours, strict, memory, no telemetry';

const LIMIT = { TOKEN_BUDGET_USD: '1000' };

export const overhead: Part = {
  name: 'overhead',
  title: 'Call overhead',
  method:
    'Microseconds of one `create` after another against an in-process `fetch`, which answers in a later turn of the event loop. ' +
    `A process for each set-up and round; ${WARM_UP.toLocaleString('en')} calls to warm up; then ${BATCHES} batches of ${BATCH} calls, of each batch the mean, of the ` +
    `batches the median. The set-ups are interleaved, in ${ROUNDS} rounds in the first table and ${OTHER_ROUNDS} in the others; *added* is the median of the differences to the bare SDK within one round. ` +
    '*Thread* is the time of the application’s thread on a processor, added in the same way, which a busy machine disturbs least: the goals are held against it. *Processor* is that of all threads. Every set-up but the bare SDK has one and the same OpenTelemetry SDK: batch ' +
    'processors, a metric reader each second, exporters that do nothing; except where it says “own SDK”, which is the SDK that the ' +
    'preload starts by itself, with its thread for the export, to a port where nobody listens.',
  run: (context) => withScratch((scratch) => withRedis((redis) => measureAll(context, scratch, redis))),
};

async function measureAll(
  context: Context,
  scratch: string,
  redis: RedisAt | undefined,
): Promise<PartResult> {
  const tables: Table[] = [];
  const notes: string[] = [];
  const figures: Record<string, number> = {};
  for (const [folder, peers] of Object.entries(INSTRUMENTATIONS)) {
    const openai = versionOf('openai', join(ROOT, folder));
    for (const api of ['chat', 'responses'] as const) {
      const first = api === 'chat' && folder === FULL;
      const able = peers.filter((peer) => api === 'chat' || !CHAT_ONLY.has(peer));
      const variants = [...bare(), ...ours(scratch, redis, folder === FULL), ...able.map(instrumentedBy)];
      const rounds = first ? ROUNDS : OTHER_ROUNDS;
      const measured = await measureVariants(context, folder, api, variants, rounds);
      tables.push(
        tableOf(`${api === 'chat' ? 'chat.completions' : 'responses'}.create, openai ${openai}`, measured),
      );
      if (first) Object.assign(figures, figuresOf(measured));
      notes.push(...verdict(api, openai, able, measured));
    }
  }
  if (redis === undefined) notes.push('Redis was not measured: no redis-server or valkey-server was found.');
  return { tables, notes, figures };
}

function bare(): Variant[] {
  return [
    { name: 'bare SDK', options: {} },
    { name: 'OpenTelemetry SDK, nothing instrumented', options: { preload: [HOST_SDK] } },
  ];
}

function ours(scratch: string, redis: RedisAt | undefined, stores: boolean): Variant[] {
  const variant = (name: string, env: Record<string, string>): Variant => ({
    name: `ours, ${name}`,
    options: { preload: [HOST_SDK, REGISTER], env: { ...LIMIT, ...env } },
  });
  const strict = variant('strict, memory', {});
  if (!stores) return [strict];
  const database = `sqlite:${join(scratch, 'ledger.db')}`;
  const noLocalQuota = join(ROOT, 'bench', 'apps', 'no-local-quota.json');
  return [
    variant('observe', { TOKEN_BUDGET_MODE: 'observe' }),
    variant('soft', { TOKEN_BUDGET_MODE: 'soft' }),
    strict,
    { name: 'ours, strict, memory, own SDK', options: { preload: [REGISTER], env: { ...LIMIT, ...NOBODY } } },
    variant('strict, memory, spans not sampled', { OTEL_TRACES_SAMPLER: 'always_off' }),
    {
      name: NO_TELEMETRY,
      options: { preload: [REGISTER], env: { ...LIMIT, OTEL_SDK_DISABLED: 'true' } },
    },
    variant('strict, SQLite', { TOKEN_BUDGET_STORE: database }),
    ...(redis === undefined
      ? []
      : [
          variant('strict, Redis, local quotas', { TOKEN_BUDGET_STORE: redis.url }),
          variant('strict, Redis, each call', {
            TOKEN_BUDGET_STORE: redis.url,
            TOKEN_BUDGET_CONFIG: noLocalQuota,
          }),
        ]),
  ];
}

const NOBODY = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

async function measureVariants(
  { quick, progress }: Context,
  folder: string,
  api: Api,
  variants: readonly Variant[],
  rounds: number,
): Promise<Map<string, CallsResult[]>> {
  const input: CallsOptions = {
    from: join(ROOT, folder),
    api,
    warmUp: quick ? 500 : WARM_UP,
    batches: quick ? 5 : BATCHES,
    batch: BATCH,
  };
  const setUps = variants.map(({ name, options }) => ({
    name,
    measure: () => runApp<CallsResult>('calls.ts', input, options),
  }));
  return interleave(setUps, quick ? 1 : rounds, progress);
}

function tableOf(title: string, measured: Map<string, CallsResult[]>): Table {
  const { call, thread, cpu } = columnsOf(measured, 'bare SDK');
  const rows = [...measured.keys()].map((name) => {
    const values = columnsOf(measured, name);
    const own = name === 'bare SDK';
    return [
      name,
      median(values.call).toFixed(1),
      own ? '' : medianDifference(values.call, call).toFixed(1),
      own ? '' : medianDifference(values.thread, thread).toFixed(1),
      own ? '' : medianDifference(values.cpu, cpu).toFixed(1),
      own ? '' : median(values.call.map((value, round) => value / (call[round] ?? Number.NaN))).toFixed(2),
    ];
  });
  return {
    title,
    head: ['set-up', 'µs a call', 'added', 'thread, added', 'processor, added', 'ratio'],
    rows,
  };
}

interface Columns {
  readonly call: readonly number[];
  readonly thread: readonly number[];
  readonly cpu: readonly number[];
}

function columnsOf(measured: Map<string, CallsResult[]>, name: string): Columns {
  const results = measured.get(name) ?? [];
  return {
    call: results.map(({ callUs }) => callUs),
    thread: results.map(({ threadUs }) => threadUs),
    cpu: results.map(({ cpuUs }) => cpuUs),
  };
}

function addedUs(measured: Map<string, CallsResult[]>, name: string): number {
  return medianDifference(columnsOf(measured, name).thread, columnsOf(measured, 'bare SDK').thread);
}

function figuresOf(measured: Map<string, CallsResult[]>): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const name of measured.keys()) {
    if (name !== 'bare SDK') figures[`added µs: ${name}`] = addedUs(measured, name);
  }
  return figures;
}

function verdict(
  api: Api,
  openai: string,
  peers: readonly string[],
  measured: Map<string, CallsResult[]>,
): string[] {
  const names = [...measured.keys()].filter((name) => peers.some((peer) => name.startsWith(`${peer} `)));
  const [fastest] = names.toSorted((a, b) => addedUs(measured, a) - addedUs(measured, b));
  if (fastest === undefined) return [];
  const own = addedUs(measured, 'ours, strict, memory');
  const theirs = addedUs(measured, fastest);
  const held = own <= theirs ? 'held' : 'not held';
  return [
    ...limitOf(measured, own),
    `Goal, strict with memory at or below the fastest other instrumentation (${api}, openai ${openai}): ${held}; ${own.toFixed(1)} to ${theirs.toFixed(1)} µs (${fastest}), which neither prices nor refuses.`,
  ];
}

/** What the figure is made of, where it was measured without its parts. */
function limitOf(measured: Map<string, CallsResult[]>, own: number): string[] {
  if (!measured.has(NO_TELEMETRY)) return [];
  const alone = addedUs(measured, NO_TELEMETRY);
  return [
    `Of the ${own.toFixed(1)} µs of strict with memory, ${alone.toFixed(1)} are the budget: plan, bound, reserve, read, price and settle. The others are telemetry in the SDK of the application: a span with 26 attributes, four measurements of histograms, counters, and a log record a call, of which other instrumentations have fewer or none.`,
  ];
}
