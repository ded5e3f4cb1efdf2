import type { Measurements } from './harness/report.ts';
import { tableOf } from './harness/report.ts';

/** What is computed for. */
const AGENTS = 10_000;

/** How often an agent calls, seconds from one call to the next. */
const SECONDS_BETWEEN_CALLS = [60, 10, 1];

/** Of what a Redis was seen to do, the part that is planned with. */
const PLANNED = 0.5;

/** The defaults of slices (src/store/slices.ts); a test compares them. */
export const SLICE_AHEAD = 4;
export const SLICE_SHARE = 16;
export const SLICE_IDLE_MS = 15_000;

/** The worst case of one call in the example: about 2,000 tokens of input and 1,000 of output at $1.75 and $14.00 a million. */
const WORST_CASE_USD = 0.0175;

/** docs/scale.md; undefined where what it computes with was not measured. */
export function scalePage(measured: Measurements): string | undefined {
  const shared = measured['throughput']?.figures ?? {};
  const calls = measured['overhead']?.figures ?? {};
  const each = best(shared, 'each call');
  const sliced = best(shared, 'slices');
  const many = shared['admissions a second: each call, 4 processes, 10000 budgets'];
  const addedUs = calls['added µs: ours, strict, memory'];
  if (each === undefined || sliced === undefined || many === undefined || addedUs === undefined)
    return undefined;
  const perAdmission = shared[`commands per admission: ${each.name}`] ?? Number.NaN;
  const commands = each.perSecond * perAdmission;
  return [
    `# A fleet of ${count(AGENTS)} agents`,
    'Computed by `npm run bench` from the figures of [performance](performance.md); a test fails when it is out of date. A plan, not a ' +
      `measurement: the Redis there shared ${measured['throughput']?.machine.processors ?? 'a machine'} with the processes that asked it, so ` +
      `one of its own does more. Planned is with ${PLANNED * 100} % of what was seen.`,
    '## What was seen',
    tableOf({
      head: ['', 'figure'],
      rows: [
        [
          'admissions a second, one budget, each call in Redis (the most of any number of processes)',
          count(each.perSecond),
        ],
        [
          'commands to Redis for each of them: reserve, settle and, for the events, the balances',
          perAdmission.toFixed(1),
        ],
        ['commands a second', count(commands)],
        [`admissions a second, ${count(AGENTS)} budgets, each call in Redis`, count(many)],
        [
          'admissions a second, one budget, slices (the most of any number of processes)',
          count(sliced.perSecond),
        ],
        ['what strict with memory adds to a call, µs', addedUs.toFixed(0)],
      ],
    }),
    '## What a fleet asks for',
    `Each agent is a process of its own. *Redis* is how many servers the calls need when each is reserved there; *processors* is what the budget itself needs of ` +
      'all machines of the fleet together, at the cost of a call in strict with memory.',
    tableOf({
      head: [
        'one call every',
        'calls a second',
        'Redis, one budget each',
        'Redis, one shared budget',
        'processors',
      ],
      rows: SECONDS_BETWEEN_CALLS.map((seconds) => rowOf(seconds, each.perSecond, many, addedUs)),
    }),
    'Budgets of their own spread over as many servers as there are; the keys of a chain share a hash tag, so a cluster does it by itself. A shared budget does not: all its ' +
      'keys lie in one slot, and one server answers for it. Where the table says more than one, calls have to come from slices, or the budget ' +
      'has to be cut into parts (one for each team, say) that lie on several.',
    '## Slices in a fleet',
    `A process with slices asks Redis in the background, a few times a second while it calls, however many calls it makes. So slices ` +
      `relieve Redis where a process makes several calls a second (a server that many agents live in), and take the round trip off the call ` +
      `wherever one is at hand. An agent that calls once a minute has none at hand: an unused slice is given back after ${SLICE_IDLE_MS / 1_000} seconds. Its ` +
      'call waits for one round trip, as without slices; next to a call that takes seconds that is nothing.',
    '## A budget that all of them share',
    `A slice holds ${SLICE_AHEAD} calls at their worst case (more where more are open or come in a second), and at most 1/${SLICE_SHARE} of what is left. With a worst case of $${WORST_CASE_USD} a call:`,
    tableOf({
      head: ['', 'USD'],
      rows: [
        ['a full slice', usd(SLICE_AHEAD * WORST_CASE_USD)],
        [
          `${count(AGENTS)} full slices: what may be reserved and not yet spent`,
          usd(AGENTS * SLICE_AHEAD * WORST_CASE_USD),
        ],
        ['left, below which slices shrink', usd(SLICE_SHARE * SLICE_AHEAD * WORST_CASE_USD)],
        ['left, below which each call is reserved in Redis', usd(SLICE_SHARE * 2 * WORST_CASE_USD)],
        [`${count(AGENTS)} calls at once at their worst case`, usd(AGENTS * WORST_CASE_USD)],
      ],
    }),
    'The limit holds in each of these cases: what a slice holds is reserved before its first call. What changes is who is refused. Once ' +
      'nothing is left beside what slices hold, a process without a slice is refused although others have not spent theirs; they give back what they do not ' +
      'use within seconds. A budget of less than some times the sum of full slices is better kept without (`"slices": false`), or in parts.',
    'The last calls go through Redis one by one, and a denied call costs it one command. A fleet that goes on asking after its budget is exhausted asks as often as it ' +
      'calls: at one call a second that is what the table says of a shared budget. Agents should stop at `token_budget_exceeded`.',
  ]
    .join('\n\n')
    .concat('\n');
}

function rowOf(seconds: number, eachPerSecond: number, manyPerSecond: number, addedUs: number): string[] {
  const calls = AGENTS / seconds;
  const servers = (perSecond: number): string => String(Math.ceil(calls / (perSecond * PLANNED)));
  return [
    `${seconds} s`,
    count(calls),
    servers(manyPerSecond),
    servers(eachPerSecond),
    ((calls * addedUs) / 1e6).toFixed(2),
  ];
}

/** The most admissions a second of one budget that were seen, whatever the number of processes. */
function best(
  figures: Readonly<Record<string, number>>,
  by: string,
): { name: string; perSecond: number } | undefined {
  const prefix = 'admissions a second: ';
  const [most] = Object.entries(figures)
    .filter(([name]) => name.startsWith(`${prefix}${by}, `) && name.endsWith(' 1 budgets'))
    .map(([name, perSecond]) => ({ name: name.slice(prefix.length), perSecond }))
    .sort((a, b) => b.perSecond - a.perSecond);
  return most;
}

function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}

function usd(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}
