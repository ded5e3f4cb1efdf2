import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explore } from './checker.ts';
import { ledgerModel } from './ledger-model.ts';
import type { Mutant, Scenario, State } from './ledger-state.ts';

/** Whether to explore larger systems, which takes minutes. */
const isLarge = process.env['MODEL_SIZE'] === 'large';

/** Two processes that share a budget which pays for two of their calls at once. */
const PAIR: Scenario = { calls: [0, 1], limit: 3, policy: 'closed', faults: {} };
const CLOSED: Scenario = isLarge ? { ...PAIR, calls: [0, 0, 1], limit: 4 } : PAIR;
const OPEN: Scenario = { ...PAIR, policy: 'open' };

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'answers are lost, and a process dies': { ...CLOSED, faults: { lost: 2, crash: 1 } },
  'the store is away, and a process dies': { ...CLOSED, faults: { outage: 1, lost: 1, crash: 1 } },
  'a process is suspended past its lease': { ...CLOSED, faults: { outage: 1, lost: 1, suspend: 1 } },
  'the store loses its memory': { ...CLOSED, faults: { flush: 1, lost: 1 } },
  'calls are sent without the store, and a process dies': {
    ...OPEN,
    faults: { outage: 1, lost: 1, crash: 1 },
  },
  'calls are sent without the store, and a process is suspended': {
    ...OPEN,
    faults: { outage: 1, lost: isLarge ? 1 : 0, suspend: 1 },
  },
};

const MUTANTS: Readonly<Record<Mutant, Scenario>> = {
  'an unknown settlement is charged': { ...PAIR, faults: { lost: 1 } },
  'a journal is deleted before it is booked': { ...OPEN, faults: { outage: 1 } },
  'a charge is made as often as it is sent': { ...OPEN, faults: { outage: 1, lost: 1 } },
  'the journal of a living process is adopted': { ...OPEN, faults: { outage: 1 } },
  'a call is sent before its line is written': { ...OPEN, faults: { outage: 1, crash: 1 } },
  'a call without the store owes nothing until it ends': { ...OPEN, faults: { outage: 1, crash: 1 } },
  'an unanswered reserve is not undone': { ...PAIR, faults: { lost: 1 } },
  'a repeated reserve reserves again': { ...PAIR, faults: { lost: 1 } },
  'the ledger goes on when it has lost its memory': { ...PAIR, limit: 2, faults: { flush: 1 } },
};

function describeTrace(result: { violation: string; trace: readonly string[]; state: State }): string {
  return `${result.violation}:\n  ${result.trace.join('\n  ')}\n${JSON.stringify(result.state)}`;
}

describe('a model of the two-phase charge', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`keeps the limit and forgets nothing when ${name}`, (t) => {
      const { states, counterexample } = explore(ledgerModel(scenario));
      t.diagnostic(`${states} states`);
      assert.equal(counterexample && describeTrace(counterexample), undefined);
      assert.ok(states > 1_000);
    });
  }

  for (const [mutant, scenario] of Object.entries(MUTANTS)) {
    it(`finds that ${mutant}`, (t) => {
      const { counterexample } = explore(ledgerModel({ ...scenario, mutant: mutant as Mutant }));
      assert.ok(counterexample !== undefined);
      t.diagnostic(`${counterexample.violation}: ${counterexample.trace.join(', ')}`);
      assert.equal(explore(ledgerModel(scenario)).counterexample, undefined);
    });
  }
});
