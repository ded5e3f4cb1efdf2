import { type Measurements, tableOf } from './harness/report.ts';
import { AGENTS as MEASURED_AGENTS, PACES, PAID_CALLS } from './parts/fleet.ts';
import { MANY_BUDGETS, WORKERS } from './parts/throughput.ts';

/** What is computed for. */
const AGENTS = 10_000;

/** Of what a Redis was seen to do, the part that is planned with. */
const PLANNED = 0.5;

/** The defaults of slices (src/stores/local-quota/quota-store.ts) and of the store's timeout (src/config); a test compares them. */
export const SLICE_AHEAD = 4;
export const SLICE_SHARE = 16;
export const SLICE_IDLE_MS = 15_000;
export const STORE_TIMEOUT_MS = 250;

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
    return { seconds, calls, without: calls * each, sliced: calls * slicedScripts(figure, seconds) };
  });
  const perBudget = figure('bytes of Redis per budget');
  return [
    `# A fleet of ${count(AGENTS)} agents`,
    'Computed by `npm run bench` from the figures of [performance](performance.md); a test fails when it is out of date. A plan, not a ' +
      `measurement of such a fleet. One agent is one process with one budget or with a part in a shared one. All agents are on one Redis; how it is set up: [stores](stores.md).`,
    '## In short',
    [
      ...rows.map(
        ({ seconds, calls, without, sliced }) =>
          `- **A call every ${seconds} s each** (${count(calls)} calls a second): ${count(without)} scripts a second without slices, ${count(sliced)} with; ` +
          `${percent(without / capacity)} and ${percent(sliced / capacity)} of what one Redis was seen to run.`,
      ),
      `- Plan with ${PLANNED * 100} % of that, ${count(planned)} scripts a second for a server. With a budget each, a cluster spreads the rest over more servers. A budget that all share has one.`,
      `- Slices save a call the round trip, ${figure('admission µs: each call, every 1 s').toFixed(0)} µs here. They relieve Redis only where one process makes several calls a second of one budget.`,
      `- ${count(AGENTS)} processes are ${count(AGENTS)} connections, and a Redis takes ${count(MAX_CLIENTS)} unless told otherwise: raise \`maxclients\`, and the limit of open files with it.`,
    ].join('\n'),
    '## What one Redis does',
    `Seen on a machine of ${processors}, which Redis shared with the processes that asked it. On processors of its own it does more; measure yours with \`npm run bench -- throughput\` on it.`,
    tableOf({
      head: ['each call in Redis', 'admissions a second', 'scripts for each', 'scripts a second'],
      rows: keys.map((key) => [
        nameOf(key),
        count(figure(`admissions a second: each call, ${key}`)),
        figure(`scripts per admission: each call, ${key}`).toFixed(2),
        count(scriptsPerSecond(figure, key)),
      ]),
    }),
    `The most of the last column, **${count(capacity)} scripts a second**, is what this page computes with. ` +
      'A script is one reserve, one settlement, or one look at the balances, for the events and the metrics; looks at one budget that come together are answered by one.',
    `A budget takes ${count(perBudget)} bytes in Redis: ${count(AGENTS)} budgets, ${((AGENTS * perBudget) / 1e6).toFixed(1)} MB. A reservation is there while its call is open.`,
    '## What a fleet asks for',
    `Scripts a second = ${count(AGENTS)} agents ÷ seconds from call to call × scripts a call. Scripts a call were counted over ${MEASURED_AGENTS} processes that call at that pace. Servers = scripts a second ÷ ${count(planned)}, rounded up.`,
    tableOf({
      head: [
        'one call every',
        'calls a second',
        'scripts a call, without slices',
        'with',
        'scripts a second, without',
        'with',
        'servers, without',
        'with',
      ],
      rows: rows.map(({ seconds, calls, without, sliced }) => [
        `${seconds} s`,
        count(calls),
        each.toFixed(1),
        slicedScripts(figure, seconds).toFixed(1),
        count(without),
        count(sliced),
        count(Math.ceil(without / planned)),
        count(Math.ceil(sliced / planned)),
      ]),
    }),
    'Without slices a call costs the same at any pace. With them, what is spent is settled within half a second, another slice is taken, balances are looked at, and leases are renewed: this is per process and ' +
      `second, not per call. A call that comes alone, later than ${SLICE_IDLE_MS / 1_000} s after the one before it, takes no slice.`,
    'Of the fleet’s own processors the budget needs next to nothing: ' +
      `${rows.map(({ seconds, calls }) => `${((calls * figure('added µs: ours, strict, memory')) / 1e6).toFixed(2)} at a call every ${seconds} s`).join(', ')} (calls a second × ${figure('added µs: ours, strict, memory').toFixed(0)} µs, which strict adds to a call, with its telemetry).`,
    '## What a shared budget costs a call',
    `The 99th percentile of the time that a call waits to be admitted, µs. Each process has ${WORKERS} calls under way that end at once, so Redis has all it can do; with so many waiting, a wait is ` +
      'calls under way ÷ admissions a second.',
    tableOf({
      head: ['processes', 'calls under way', 'each call in Redis', 'slices'],
      rows: crowds.map((processes) => [
        String(processes),
        String(WORKERS * processes),
        count(figure(`p99 µs: each call, ${processes} processes, 1 budgets`)),
        count(figure(`p99 µs: slices, ${processes} processes, 1 budgets`)),
      ]),
    }),
    `At the pace of agents nobody waits in line: the median is ${figure('admission µs: each call, every 1 s').toFixed(0)} µs in Redis and ${figure('admission µs: slices, every 1 s').toFixed(0)} µs from a slice, next to a model that answers in seconds. ` +
      'It is the line that counts, when a fleet starts in step:',
    tableOf({
      head: ['calls in the same instant', 'the last is admitted after'],
      rows: [100, 1_000, AGENTS].map((calls) => [
        count(calls),
        `${((calls / capacity) * 1_000).toFixed(0)} ms`,
      ]),
    }),
    `(Calls ÷ ${count(capacity)}.) A call that Redis has not answered within \`storeTimeoutMs\`, ${STORE_TIMEOUT_MS} ms by default, goes the way of \`failurePolicy\`: \`open\` lets it pass and charges it later, \`closed\` refuses it. So no more than ${count((capacity * STORE_TIMEOUT_MS) / 1_000)} agents of one ` +
      'server should start in the same instant; spread the start over seconds, or raise `storeTimeoutMs`.',
    '## When a shared budget runs out',
    'The limit holds with slices and without: what a slice holds is reserved before its first call. What changes is who is refused, and when.',
    tableOf({
      head: [
        `${MEASURED_AGENTS} agents, one budget of ${count(PAID_CALLS)} calls`,
        'slices',
        'each call in Redis',
      ],
      rows: [
        ['spent when the first agent is refused, %', 'first'],
        ['spent when the last one is, %', 'last'],
      ].map(([label = '', which]) => [
        label,
        ...['slices', 'each call'].map((mode) =>
          figure(`% spent at the ${which} refusal: ${mode}`).toFixed(1),
        ),
      ]),
    }),
    `A slice holds ${SLICE_AHEAD} calls at their worst case (more where more are open or come in a second), and at most 1/${SLICE_SHARE} of what is left. With a worst case of $${WORST_CASE_USD} a call:`,
    tableOf({
      head: ['', 'USD', 'how'],
      rows: [
        ['a full slice', usd(SLICE_AHEAD * WORST_CASE_USD), `${SLICE_AHEAD} × ${WORST_CASE_USD}`],
        [
          `${count(AGENTS)} full slices: reserved, and perhaps not spent`,
          usd(AGENTS * SLICE_AHEAD * WORST_CASE_USD),
          `${count(AGENTS)} × ${usd(SLICE_AHEAD * WORST_CASE_USD)}`,
        ],
        [
          'left, below which a slice is smaller',
          usd(SLICE_SHARE * SLICE_AHEAD * WORST_CASE_USD),
          `${SLICE_SHARE} × ${usd(SLICE_AHEAD * WORST_CASE_USD)}`,
        ],
        [
          'left, below which no slice is taken, and each call is reserved in Redis',
          usd(SLICE_SHARE * 2 * WORST_CASE_USD),
          `${SLICE_SHARE} × 2 × ${WORST_CASE_USD}`,
        ],
        [
          `${count(AGENTS)} calls at once, without slices`,
          usd(AGENTS * WORST_CASE_USD),
          `${count(AGENTS)} × ${WORST_CASE_USD}`,
        ],
      ],
    }),
    `So a fleet with slices may refuse calls while up to $${usd(AGENTS * SLICE_AHEAD * WORST_CASE_USD)} of its budget is held and not spent; without, while $${usd(AGENTS * WORST_CASE_USD)} is reserved for calls that are under way. Slices that are not used are given back ${SLICE_IDLE_MS / 1_000} s after the last ` +
      'call, and those that are too large for what is left within 5 s. A process that is killed has its slice charged in full: the more slices, the more a crash of the whole fleet costs.',
    'A refused call is asked for in Redis as any other. Agents that go on asking load it as much as before: they should stop at `token_budget_exceeded`.',
    '## Which to use',
    tableOf({
      head: ['the fleet', 'use'],
      rows: [
        [
          'servers that many agents live in, several calls a second of one budget for each process',
          'slices (the default): fewer scripts, no round trip',
        ],
        [
          'a process for each agent, calls seconds apart',
          `\`"slices": false\`: ${each.toFixed(0)} scripts a call, and a round trip that the model’s seconds hide`,
        ],
        [
          `a shared budget below some times $${usd(AGENTS * SLICE_AHEAD * WORST_CASE_USD)}, in the example above`,
          '`"slices": false`, so that none is held idle',
        ],
        [
          'a shared budget that asks for more than one server',
          'parts: a budget for each team or region, each with its share of the limit. They may lie on several servers',
        ],
        [
          'budgets of their own',
          'a cluster, once one server is too few: the keys of a chain share a hash tag, and chains without a common parent spread by themselves',
        ],
      ],
    }),
    'A budget that is the parent of all (job → organisation) is a shared budget: each call of each job is charged on it, and the whole chain lies on one server.',
  ]
    .join('\n\n')
    .concat('\n');
}

/** What a call of an agent at a pace leads to, in scripts, with slices. */
function slicedScripts(figure: Figures, seconds: number): number {
  return figure(`scripts a call: slices, every ${seconds} s`);
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
