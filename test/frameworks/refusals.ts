import assert from 'node:assert/strict';
import { agentModel } from '../support/agent-model.ts';
import { billOf } from '../support/bill.ts';
import { runScript, type ScriptResult } from '../support/script-run.ts';

export interface FrameworkRun {
  /** Defines `ways`, a list of functions: each runs the framework once and gives what it answered. */
  readonly script: string;
  /** How many calls of a model the ways make together. */
  readonly calls: number;
  /** Further functions that are run only once the budget is spent. */
  readonly refusedWays?: string;
}

export interface FrameworkResult extends ScriptResult {
  /** What each way answered. */
  readonly answers: readonly unknown[];
  /** How each way failed once the budget was spent. */
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  readonly name: string;
  readonly code?: string;
  /** Whether the error is a `BudgetExceededError`, or has one as its cause. */
  readonly is: 'itself' | 'cause' | 'neither';
  /** How often the budget was asked and said no. */
  readonly denials: number;
}

const TWICE = `
const answers = [];
for (const way of ways) answers.push(await way());
print({ answers });
print(await budget().status());
const { BudgetExceededError } = await import('otel-token-budget');
let denials = 0;
budget().on((event) => { if (event.type === 'denied') denials += 1; });
const refusals = [];
for (const way of [...ways, ...refusedWays]) {
  const before = denials;
  try {
    await way();
    refusals.push({ name: 'none', is: 'neither', denials: denials - before });
  } catch (error) {
    const is = error instanceof BudgetExceededError ? 'itself' : error.cause instanceof BudgetExceededError ? 'cause' : 'neither';
    refusals.push({ name: error.name, code: error.code, is, denials: denials - before });
  }
}
print({ refusals });
`;

/**
 * Runs a framework under the preload in every way, with a budget of exactly the calls that this makes, and then in every way
 * again. Checks that what the server would bill is what the ledger says, and that no refused call left.
 */
export async function runFramework({
  script,
  calls,
  refusedWays = '',
}: FrameworkRun): Promise<FrameworkResult> {
  const result = await runScript({
    workspace: 'frameworks',
    openaiLate: true,
    choose: agentModel,
    script: `${script}\nconst refusedWays = [${refusedWays}];${TWICE}`,
    // Not every framework asks for the usage of a stream, and the server is none that is asked by itself.
    config: { includeUsage: 'always' },
    env: { TOKEN_BUDGET_CALLS: String(calls), OPENAI_API_KEY: 'sk-secret-key' },
  });
  assert.equal(result.code, 0, result.stderr);
  const [{ answers }, status, { refusals }] = result.printed as [
    { answers: unknown[] },
    { balances: { settled: object; open: number } },
    { refusals: Refusal[] },
  ];
  const { account } = result.server;
  assert.equal(account.length, calls);
  assert.deepEqual(status.balances.settled, billOf(account));
  assert.equal(status.balances.open, 0);
  assert.equal(result.spans.length, calls + refusals.reduce((sum, { denials }) => sum + denials, 0));
  return { ...result, answers, refusals };
}

/** That each way failed with the refusal itself, which was asked for once. */
export function assertRefusedAtOnce(refusals: readonly Refusal[]): void {
  const expected = {
    name: 'BudgetExceededError',
    code: 'token_budget_exceeded',
    is: 'itself',
    denials: 1,
  };
  assert.ok(refusals.length > 0);
  for (const refusal of refusals) assert.deepEqual(refusal, expected);
}
