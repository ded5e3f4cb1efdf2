import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explore } from './checker.ts';
import { type CopyMutant, type CopyScenario, olderCopyModel } from './older-copy-model.ts';

const isLarge = process.env['MODEL_SIZE'] === 'large';

/** Two processes with a strict budget. */
const PAIR: CopyScenario = { charges: [2, 2], limit: 4, restarts: 1 };

const SCENARIOS: Readonly<Record<string, CopyScenario>> = {
  'two processes charge': { ...PAIR, charges: [3, 3], limit: 5 },
  'three processes charge': { charges: isLarge ? [3, 2, 2] : [2, 1, 1], limit: 3, restarts: 1 },
  'calls are admitted at once': { charges: [2, 2], restarts: 1 },
  'it restarts twice, and calls are admitted at once': { charges: isLarge ? [2, 2] : [2, 1], restarts: 2 },
  'it restarts twice': { ...PAIR, limit: 3, restarts: 2 },
};

const MUTANTS: Readonly<Record<CopyMutant, CopyScenario>> = {
  'only the generation shows a loss': PAIR,
  'what the present segment charged is written back': { charges: [2, 2], restarts: 1 },
  'only what was known last is written back': { ...PAIR, restarts: 2 },
  'the latest generation wins, whatever segment it is of': { ...PAIR, restarts: 2 },
  'calls are admitted before every process has spoken': { charges: [2, 2], limit: 2, restarts: 1 },
};

describe('a model of a store that restarts from an older copy', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`keeps the limit and charges everything once when ${name}`, (t) => {
      const { states, counterexample } = explore(olderCopyModel(scenario));
      t.diagnostic(`${states} states`);
      assert.equal(
        counterexample &&
          `${counterexample.violation}:\n  ${counterexample.trace.join('\n  ')}\n${JSON.stringify(counterexample.state)}`,
        undefined,
      );
      assert.ok(states > 500);
    });
  }

  for (const [mutant, scenario] of Object.entries(MUTANTS)) {
    it(`finds that ${mutant}`, (t) => {
      const { counterexample } = explore(olderCopyModel({ ...scenario, mutant: mutant as CopyMutant }));
      assert.ok(counterexample !== undefined);
      t.diagnostic(`${counterexample.violation}: ${counterexample.trace.join(', ')}`);
      assert.equal(explore(olderCopyModel(scenario)).counterexample, undefined);
    });
  }
});
