/**
 * Spends budgets in bad weather, for as long as is asked: `npm run test:chaos -- --minutes 60`. Options: `--weather NAME` and
 * `--store NAME`, `--policy open` or `closed` for rounds of one kind, `--seed N` for that of the first round, `--processes N` and `--calls N` for the most of them (of one worker), and
 * `--rounds N` instead of minutes: `--rounds 1` with the weather, store and seed of a round's line, and the same bounds, repeats it.
 */
import { parseArgs } from 'node:util';
import { REDIS_MISSING } from '../support/redis-server.ts';
import { STORES, type StoreName } from './ground.ts';
import { missingFor, planRound, suits, WEATHERS } from './plan.ts';
import { roundLine, roundTable } from './report.ts';
import { type Outcome, runRound } from './round.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    weather: { type: 'string' },
    store: { type: 'string' },
    policy: { type: 'string' },
    seed: { type: 'string' },
    processes: { type: 'string', default: '64' },
    calls: { type: 'string', default: '40' },
  },
});

const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : numberOf('seed', values.seed);
const bounds = {
  mostProcesses: numberOf('processes', values.processes),
  mostCalls: numberOf('calls', values.calls),
};
const rounds = values.rounds === undefined ? Infinity : numberOf('rounds', values.rounds);
const until =
  performance.now() + (rounds === Infinity ? numberOf('minutes', values.minutes) * 60_000 : Infinity);
const weathers = possibleWeathers(choose('weather', values.weather, WEATHERS));
const [failurePolicy] =
  values.policy === undefined ? [] : choose('policy', values.policy, ['open', 'closed'] as const);
const stores = possibleStores(choose<StoreName>('store', values.store, STORES));
/** Every weather with every store that it troubles, so that all of them come in turn. */
const kinds = weathers.flatMap((weather) =>
  stores.filter((store) => suits(weather, store)).map((store) => ({ weather, store })),
);
if (kinds.length === 0)
  throw new Error('There is nothing to run: the weather and the store do not go together.');

const outcomes: Outcome[] = [];
for (let round = 0; round < rounds && performance.now() < until; round += 1) {
  const kind = kinds[round % kinds.length];
  const outcome = await runRound(planRound(seed + round, { ...kind, ...bounds, failurePolicy }));
  outcomes.push(outcome);
  console.log(roundLine(outcome));
  if (outcome.failures.length > 0 && outcome.stderr !== '') console.log(outcome.stderr);
}
console.log(`\n${roundTable(outcomes)}`);
if (outcomes.some(({ failures }) => failures.length > 0)) process.exitCode = 1;

function possibleWeathers(chosen: readonly string[]): readonly string[] {
  return chosen.filter((weather) => {
    const missing = missingFor(weather);
    if (missing !== false) console.log(`skipped ${weather}: ${missing}`);
    return missing === false;
  });
}

function possibleStores(chosen: readonly StoreName[]): readonly StoreName[] {
  if (REDIS_MISSING === false) return chosen;
  console.log(`skipped Redis: ${REDIS_MISSING}`);
  return chosen.filter((store) => store === 'sqlite');
}

function choose<T extends string>(
  option: string,
  given: string | undefined,
  all: readonly T[],
): readonly T[] {
  const found = all.filter((one) => given === undefined || one === given);
  if (found.length === 0) throw new Error(`--${option}: got ${given}, expected one of ${all.join(', ')}.`);
  return found;
}

function numberOf(option: string, given: string): number {
  const number = Number(given);
  if (number >= 0 && given.trim() !== '') return number;
  throw new Error(`--${option}: got ${given}, expected a number.`);
}
