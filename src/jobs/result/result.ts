import { type BudgetStatus, subtractAmounts } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import type { JobUnit } from '../payload.ts';
import {
  type ChargeReport,
  toChargeReport,
  type JobCheckpoint,
  type JobReason,
  type JobCallTotals,
  CallTotals,
  type UsageReport,
} from '../state/index.ts';

/** A step of a job, with what its calls used in all runs. */
export interface StepReport extends UsageReport {
  readonly name: string;
  /** `unfinished`: it was begun and not completed. */
  readonly state: 'completed' | 'unfinished';
  /** Tries in the run that completed it; 0 where none did. */
  readonly attempts: number;
  /** The run that completed it, from 1 on; 0 where none did. */
  readonly run: number;
  readonly durationMs: number;
}

/** What was bought with what was spent. Absent where there is nothing to divide by. */
export interface Efficiency {
  /** Cached input ÷ input, 0 to 1. */
  readonly cacheHitShare?: number;
  /** Output tokens ÷ the time of the calls added up, per second. */
  readonly outputTokensPerSecond?: number;
  /** All tokens ÷ the working time of the job, per second. */
  readonly tokensPerSecond?: number;
  /** Everything that was charged ÷ completed steps. */
  readonly costPerStepUsd?: number;
  readonly tokensPerStep?: number;
}

/** What a run of a job came to. Figures are of all runs so far. */
export interface JobResult {
  readonly job: string;
  readonly name: string;
  /** Why it ended: `completed`, or why it stopped before. */
  readonly reason: JobReason;
  readonly completed: boolean;
  /** What stopped it, where that was an error or a refusal. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string | undefined };
  /** What a generator of steps returned; of a list, what its last step gave back. Absent where it is not completed. */
  readonly output?: unknown;
  /** What the completed steps gave back, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What steps that are not completed kept, by name. */
  readonly partial: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepReport[];
  readonly budget: {
    readonly name: string;
    /** What the limit is in: tokens at the output price, or money. */
    readonly unit: JobUnit;
    readonly limits: BudgetStatus['limits'];
    readonly left: BudgetStatus['left'];
    /** 0 to 1. */
    readonly usedShare: number;
  };
  /** Everything that the budget was charged. */
  readonly charged: ChargeReport;
  /** The part of it whose answers were seen, together and by model. */
  readonly usage: UsageReport;
  readonly byModel: Readonly<Record<string, UsageReport>>;
  /** The rest: calls that were under way when a process died. They were charged in full, because they may have been billed. */
  readonly interrupted: ChargeReport;
  readonly deniedCalls: number;
  readonly efficiency: Efficiency;
  readonly time: {
    /** ISO 8601. */
    readonly startedAt: string;
    readonly endedAt: string;
    /** From the start of the first run to the end of this one, milliseconds. */
    readonly elapsedMs: number;
    /** The part of it in which the job ran. */
    readonly activeMs: number;
    readonly runs: number;
  };
  /** What is worth knowing, such as a damaged checkpoint that was passed over. */
  readonly warnings: readonly string[];
}

export interface ResultParts {
  readonly checkpoint: JobCheckpoint;
  readonly reason: JobReason;
  readonly output: unknown;
  /** The steps that were begun, in order. */
  readonly startedSteps: readonly string[];
  readonly totals: JobCallTotals;
  readonly status: BudgetStatus;
  readonly warnings: readonly string[];
}

export function buildResult({
  checkpoint,
  reason,
  output,
  startedSteps: begun,
  totals: tally,
  status,
  warnings,
}: ResultParts): JobResult {
  const { settled } = status.balances;
  const seen = tally.all.charged;
  const rest = subtractAmounts(settled, seen);
  const completed = checkpoint.steps.filter(({ state }) => state === 'completed');
  const outputs = Object.fromEntries(completed.map((step) => [step.name, step.output]));
  return {
    job: checkpoint.job,
    name: checkpoint.name,
    reason,
    completed: reason === 'completed',
    ...(checkpoint.error === undefined ? {} : { error: checkpoint.error }),
    ...(reason === 'completed' && output !== undefined ? { output } : {}),
    outputs,
    partial: checkpoint.partial,
    steps: stepsOf(checkpoint, begun, tally),
    budget: {
      name: status.budget,
      unit: checkpoint.unit,
      limits: status.limits,
      left: status.left,
      usedShare: status.usedShare,
    },
    charged: toChargeReport(settled),
    usage: tally.all.toReport(),
    byModel: reportsOf(tally.byModel),
    interrupted: toChargeReport({
      calls: Math.max(0, rest.calls),
      tokens: Math.max(0, rest.tokens),
      costNanoUsd: Math.max(0, rest.costNanoUsd),
    }),
    deniedCalls: checkpoint.deniedCalls,
    efficiency: efficiencyOf(tally.all, checkpoint.activeMs, settled, completed.length),
    time: {
      startedAt: new Date(checkpoint.startedAt).toISOString(),
      endedAt: new Date(checkpoint.updatedAt).toISOString(),
      elapsedMs: checkpoint.updatedAt - checkpoint.startedAt,
      activeMs: checkpoint.activeMs,
      runs: checkpoint.run,
    },
    warnings,
  };
}

function stepsOf(checkpoint: JobCheckpoint, begun: readonly string[], tally: JobCallTotals): StepReport[] {
  const kept = new Map(checkpoint.steps.map((step) => [step.name, step]));
  const names = new Set([...kept.keys(), ...begun, ...tally.byStep.keys()]);
  return [...names].map((name) => {
    const step = kept.get(name);
    const done = step?.state === 'completed';
    return {
      name,
      state: done ? 'completed' : 'unfinished',
      attempts: done ? step.attempts : 0,
      run: done ? step.run : 0,
      durationMs: done ? step.durationMs : 0,
      ...(tally.byStep.get(name) ?? new CallTotals()).toReport(),
    };
  });
}

function efficiencyOf(
  calls: CallTotals,
  activeMs: number,
  settled: { tokens: number; costNanoUsd: number },
  steps: number,
): Efficiency {
  const { usage, tokens } = calls.toReport();
  return {
    ...(usage.input > 0 ? { cacheHitShare: usage.cachedInput / usage.input } : {}),
    ...(calls.callMs > 0 ? { outputTokensPerSecond: (usage.output * 1_000) / calls.callMs } : {}),
    ...(activeMs > 0 ? { tokensPerSecond: (tokens * 1_000) / activeMs } : {}),
    ...(steps > 0
      ? { costPerStepUsd: nanoToUsd(settled.costNanoUsd) / steps, tokensPerStep: settled.tokens / steps }
      : {}),
  };
}

function reportsOf(tallies: ReadonlyMap<string, CallTotals>): Record<string, UsageReport> {
  return Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.toReport()]));
}
