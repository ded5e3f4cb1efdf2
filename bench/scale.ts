import { type Measurements, tableOf } from './harness/report.ts';
import { AGENTS as MEASURED_AGENTS, PACES, PAID_CALLS } from './parts/fleet.ts';
import { MANY_BUDGETS, WORKERS } from './parts/throughput.ts';

/** What is computed for. */
const AGENTS = 10_000;

/** Of what a Redis was seen to do, the part that is planned with. */
const PLANNED = 0.5;

/** The defaults of local quotas (src/stores/local-quota/options.ts) and of the store's timeout (src/config); a test compares them. */
export const PREFETCH_CALLS = 4;
export const QUOTA_SHARE = 16;
export const QUOTA_IDLE_MS = 15_000;
export const STORE_WAIT_MS = 10_000;

/** Of a new Redis: https://redis.io/docs/latest/develop/reference/clients/ */
const MAX_CLIENTS = 10_000;

/** The worst case of one call in the example: 2,000 tokens of input and 1,000 of output at $1.75 and $14.00 a million. */
const WORST_CASE_USD = 0.0175;

/** A figure that the page cannot be made without. */
class Missing extends Error {}

type Figures = (name: string) => number;

/** docs/scale.md; undefined where what it computes with was not measured. */
export function scalePage(measured: Measurements): string | undefined {
  const { throughput, overhead } = measured;
  if (throughput === undefined || overhead === undefined) return undefined;
  const figures = { ...overhead.figures, ...throughput.figures };
  const figure: Figures = (name) => {
    const value = figures[name];
    if (value === undefined || !Number.isFinite(value)) throw new Missing(name);
    return value;
  };
  try {
    return pageOf(figure, throughput.machine.processors, casesOf(throughput.figures));
  } catch (error) {
    if (error instanceof Missing) return undefined;
    throw error;
  }
}

/** Of the cases with one budget, how many processes there were. */
function casesOf(figures: Readonly<Record<string, number>>): number[] {
  return Object.keys(figures)
    .flatMap((name) => /^p99 µs: each call, (\d+) processes, 1 budgets$/.exec(name)?.[1] ?? [])
    .map(Number);
}

function pageOf(figure: Figures, processors: string, crowds: readonly number[]): string {
  const many = `4 processes, ${MANY_BUDGETS} budgets`;
  const keys = [...crowds.map((processes) => `${processes} processes, 1 budgets`), many];
  const capacity = Math.max(...keys.map((key) => scriptsPerSecond(figure, key)));
  const planned = capacity * PLANNED;
  const each = figure('scripts a call: each call, every 1 s');
  const rows = PACES.map((seconds) => {
    const calls = AGENTS / seconds;
    return { seconds, calls, without: calls * each, withQuotas: calls * scriptsWithQuotas(figure, seconds) };
  });
  const perBudget = figure('bytes of Redis per budget');
  return [
    `# A fleet of ${count(AGENTS)} agents`,
    'Computed by `npm run bench` from the figures of [performance](performance.md); a test fails when it is out of date. A projection, not a ' +
      `measurement of such a fleet. One agent is one process, with a budget of its own or with a shared one. All agents use one Redis, set up as in [stores](stores.md).`,
    '## In short',
    [
      ...rows.map(
        ({ seconds, calls, without, withQuotas }) =>
          `- **A call every ${seconds} s each** (${count(calls)} calls a second): ${count(without)} scripts a second without local quotas, ${count(withQuotas)} with; ` +
          `${percent(without / capacity)} and ${percent(withQuotas / capacity)} of what one Redis was measured to run.`,
      ),
      `- Plan with ${PLANNED * 100} % of that, ${count(planned)} scripts a second per server. If each agent has its own budget, a cluster spreads the load over more servers. A shared budget lives on one server.`,
      `- Local quotas save a call the round trip, ${figure('admission µs: each call, every 1 s').toFixed(0)} µs here. They reduce the load of Redis only if one process makes several calls a second with one budget.`,
      `- ${count(AGENTS)} processes are ${count(AGENTS)} connections, and Redis accepts ${count(MAX_CLIENTS)} by default: raise \`maxclients\`, and with it the limit of open files.`,
    ].join('\n'),
    '## What one Redis does',
    `Measured on a machine with ${processors}, which Redis shared with its clients. On processors of its own it does more; measure yours with \`npm run bench -- throughput\`.`,
    tableOf({
      head: ['each call in Redis', 'admissions a second', 'scripts for each', 'scripts a second'],
      rows: keys.map((key) => [
        nameOf(key),
        count(figure(`admissions a second: each call, ${key}`)),
        figure(`scripts per admission: each call, ${key}`).toFixed(2),
        count(scriptsPerSecond(figure, key)),
      ]),
    }),
    `This page computes with the maximum of the last column, **${count(capacity)} scripts a second**. ` +
      'A script is one reserve, one settlement, or one read of the balances, for events and metrics; concurrent reads of one budget are coalesced.',
    `A budget takes ${count(perBudget)} bytes in Redis: ${count(AGENTS)} budgets, ${((AGENTS * perBudget) / 1e6).toFixed(1)} MB. A reservation is stored while its call is open.`,
    '## What a fleet asks for',
    `Scripts a second = ${count(AGENTS)} agents ÷ seconds between calls × scripts a call. Scripts a call were counted over ${MEASURED_AGENTS} processes that call at that pace. Servers = scripts a second ÷ ${count(planned)}, rounded up.`,
    tableOf({
      head: [
        'one call every',
        'calls a second',
        'scripts a call, without local quotas',
        'with',
        'scripts a second, without',
        'with',
        'servers, without',
        'with',
      ],
      rows: rows.map(({ seconds, calls, without, withQuotas }) => [
        `${seconds} s`,
        count(calls),
        each.toFixed(1),
        scriptsWithQuotas(figure, seconds).toFixed(1),
        count(without),
        count(withQuotas),
        count(Math.ceil(without / planned)),
        count(Math.ceil(withQuotas / planned)),
      ]),
    }),
    'Without local quotas a call costs the same at any pace. With them, what is spent is settled within half a second, another quota is reserved, balances are read, and leases are renewed: this is per process and ' +
      `second, not per call. A single call, more than ${QUOTA_IDLE_MS / 1_000} s after the one before it, reserves no quota.`,
    'The budget needs few of the fleet’s own processors: ' +
      `${rows.map(({ seconds, calls }) => `${((calls * figure('added µs: ours, strict, memory')) / 1e6).toFixed(2)} at a call every ${seconds} s`).join(', ')} (calls a second × ${figure('added µs: ours, strict, memory').toFixed(0)} µs, which strict mode and its telemetry add to a call).`,
    '## What a shared budget costs a call',
    `The 99th percentile of the time that a call waits for admission, µs. Each process has ${WORKERS} calls in flight that end at once, so Redis is saturated; then the wait is ` +
      'calls in flight ÷ admissions a second.',
    tableOf({
      head: ['processes', 'calls in flight', 'each call in Redis', 'local quotas'],
      rows: crowds.map((processes) => [
        String(processes),
        String(WORKERS * processes),
        count(figure(`p99 µs: each call, ${processes} processes, 1 budgets`)),
        count(figure(`p99 µs: local quotas, ${processes} processes, 1 budgets`)),
      ]),
    }),
    `At an agent’s pace there is no queueing: the median is ${figure('admission µs: each call, every 1 s').toFixed(0)} µs in Redis and ${figure('admission µs: local quotas, every 1 s').toFixed(0)} µs from a local quota, while the model takes seconds. ` +
      'Queueing matters when a fleet starts in step:',
    tableOf({
      head: ['calls in the same instant', 'the last is admitted after'],
      rows: [100, 1_000, AGENTS].map((calls) => [
        count(calls),
        `${((calls / capacity) * 1_000).toFixed(0)} ms`,
      ]),
    }),
    `(Calls ÷ ${count(capacity)}.) A call waits for Redis for \`storeWaitMs\`, ${STORE_WAIT_MS / 1_000} seconds by default; then it is handled by \`failurePolicy\`, which denies it if its budget is strict. So no more than ${count((capacity * STORE_WAIT_MS) / 1_000)} agents of one ` +
      'server should start in the same instant.',
    '## When a shared budget runs out',
    'The limit is enforced with and without local quotas: what a quota holds is reserved before its first call. What changes is which call is denied, and when.',
    tableOf({
      head: [
        `${MEASURED_AGENTS} agents, one budget of ${count(PAID_CALLS)} calls`,
        'local quotas',
        'each call in Redis',
      ],
      rows: [
        ['spent when the first agent is denied, %', 'first'],
        ['spent when the last one is, %', 'last'],
      ].map(([label = '', which]) => [
        label,
        ...['local quotas', 'each call'].map((mode) =>
          figure(`% spent at the ${which} refusal: ${mode}`).toFixed(1),
        ),
      ]),
    }),
    `A local quota holds ${PREFETCH_CALLS} calls at their worst case (more if more are open or come in a second), and at most 1/${QUOTA_SHARE} of what is left. With a worst case of $${WORST_CASE_USD} a call:`,
    tableOf({
      head: ['', 'USD', 'how'],
      rows: [
        ['a full quota', usd(PREFETCH_CALLS * WORST_CASE_USD), `${PREFETCH_CALLS} × ${WORST_CASE_USD}`],
        [
          `${count(AGENTS)} full quotas: reserved, and possibly not spent`,
          usd(AGENTS * PREFETCH_CALLS * WORST_CASE_USD),
          `${count(AGENTS)} × ${usd(PREFETCH_CALLS * WORST_CASE_USD)}`,
        ],
        [
          'left, below which a quota is smaller',
          usd(QUOTA_SHARE * PREFETCH_CALLS * WORST_CASE_USD),
          `${QUOTA_SHARE} × ${usd(PREFETCH_CALLS * WORST_CASE_USD)}`,
        ],
        [
          'left, below which no quota is reserved, and each call is reserved in Redis',
          usd(QUOTA_SHARE * 2 * WORST_CASE_USD),
          `${QUOTA_SHARE} × 2 × ${WORST_CASE_USD}`,
        ],
        [
          `${count(AGENTS)} calls at once, without local quotas`,
          usd(AGENTS * WORST_CASE_USD),
          `${count(AGENTS)} × ${WORST_CASE_USD}`,
        ],
      ],
    }),
    `So a fleet with local quotas may deny calls while up to $${usd(AGENTS * PREFETCH_CALLS * WORST_CASE_USD)} of its budget is held and not spent; without, while $${usd(AGENTS * WORST_CASE_USD)} is reserved for calls in flight. Unused quotas are returned ${QUOTA_IDLE_MS / 1_000} s after the last ` +
      'call, and those that are too large for what is left within 5 s. The quota of a process that is killed is charged in full: the more quotas, the more a crash of the whole fleet costs.',
    'A denied call costs Redis as much as any other. Agents that keep calling load it as before: they should stop at `token_budget_exceeded`.',
    '## Which to use',
    tableOf({
      head: ['the fleet', 'use'],
      rows: [
        [
          'servers that host many agents, with several calls a second per process and budget',
          'local quotas (the default): fewer scripts, no round trip',
        ],
        [
          'a process for each agent, calls seconds apart',
          `\`"localQuota": false\`: ${each.toFixed(0)} scripts a call, and a round trip that is short beside the model’s seconds`,
        ],
        [
          `a shared budget below a few times $${usd(AGENTS * PREFETCH_CALLS * WORST_CASE_USD)}, in the example above`,
          '`"localQuota": false`, so that none is held idle',
        ],
        [
          'a shared budget that needs more than one server',
          'parts: a budget for each team or region, each with its share of the limit. They may be on several servers',
        ],
        [
          'budgets of their own',
          'a cluster, once one server is too few: the keys of a chain share a hash tag, and chains without a common parent are distributed',
        ],
      ],
    }),
    'A budget that is the parent of all (job → organisation) is a shared budget: each call of each job is charged to it, and the whole chain is on one server.',
  ]
    .join('\n\n')
    .concat('\n');
}

/** The scripts that a call of an agent at a pace leads to, with local quotas. */
function scriptsWithQuotas(figure: Figures, seconds: number): number {
  return figure(`scripts a call: local quotas, every ${seconds} s`);
}

function scriptsPerSecond(figure: Figures, key: string): number {
  return (
    figure(`admissions a second: each call, ${key}`) * figure(`scripts per admission: each call, ${key}`)
  );
}

function nameOf(key: string): string {
  const [, processes = '', budgets = ''] = /^(\d+) processes, (\d+) budgets$/.exec(key) ?? [];
  const who = `${processes} process${processes === '1' ? '' : 'es'}`;
  return budgets === '1' ? `${who}, one budget` : `${who}, ${count(Number(budgets))} budgets`;
}

function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}

function percent(share: number): string {
  return `${(share * 100).toLocaleString('en', { maximumFractionDigits: 0 })} %`;
}

function usd(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}
