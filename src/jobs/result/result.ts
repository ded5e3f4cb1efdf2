import { type BudgetStatus, subtractAmounts } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import type { JobUnit } from '../payload.ts';
import {
  CallTotals,
  type ChargeReport,
  type JobCallTotals,
  type JobCheckpoint,
  type JobReason,
  type SavedError,
  toChargeReport,
  type UsageReport,
} from '../state/index.ts';

/** A step of a job, with the usage of its calls in all runs. */
export interface StepReport extends UsageReport {
  readonly name: string;
  /** `unfinished`: it was started and not completed. */
  readonly state: 'completed' | 'unfinished';
  /** Attempts in the run that completed it; 0 if none did. */
  readonly attempts: number;
  /** The run that completed it, from 1; 0 if none did. */
  readonly run: number;
  /** Milliseconds in all attempts of that run. */
  readonly durationMs: number;
}

/** Ratios of a job's spending to its output. One is absent if its divisor is zero. */
export interface Efficiency {
  /** Cached input ÷ input, 0 to 1. */
  readonly cacheHitShare?: number;
  /** Output tokens ÷ the total duration of the calls, per second. */
  readonly outputTokensPerSecond?: number;
  /** All tokens ÷ the active time of the job, per second. */
  readonly tokensPerSecond?: number;
  /** The total charge ÷ completed steps, USD. */
  readonly costPerStepUsd?: number;
  /** Charged tokens ÷ completed steps. */
  readonly tokensPerStep?: number;
}

/** The result of a run of a job. Figures cover all runs so far. */
export interface JobResult {
  readonly job: string;
  readonly name: string;
  /** Why the run ended: `completed`, or why it stopped before. */
  readonly reason: JobReason;
  readonly completed: boolean;
  /** The error that stopped it, if one did. */
  readonly error?: SavedError;
  /**
   * The return value of a generator of steps, or the output of a list's last step. Absent if it is not
   * completed.
   */
  readonly output?: unknown;
  /** The outputs of the completed steps, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The values saved by steps that are not completed, by name. */
  readonly partial: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepReport[];
  readonly budget: {
    readonly name: string;
    /** The unit of the limit: tokens at the output price, or money. */
    readonly unit: JobUnit;
    readonly limits: BudgetStatus['limits'];
    readonly left: BudgetStatus['left'];
    /** 0 to 1. */
    readonly usedShare: number;
  };
  /** The total charge of the budget. */
  readonly charged: ChargeReport;
  /** The part of the charge whose responses were received. */
  readonly usage: UsageReport;
  /** The same by model. */
  readonly byModel: Readonly<Record<string, UsageReport>>;
  /**
   * The rest: calls in flight when a process died. They are charged in full, because they may have been
   * billed.
   */
  readonly interrupted: ChargeReport;
  readonly deniedCalls: number;
  readonly efficiency: Efficiency;
  readonly time: {
    /** ISO 8601. */
    readonly startedAt: string;
    /** ISO 8601. */
    readonly endedAt: string;
    /** From the start of the first run to the end of this one, milliseconds. */
    readonly elapsedMs: number;
    /** The part of it in which the job was running. */
    readonly activeMs: number;
    readonly runs: number;
  };
  /** Problems that did not stop the job, such as a damaged checkpoint that was skipped. */
  readonly warnings: readonly string[];
}

/** The parts of a {@link JobResult}. */
export interface ResultParts {
  readonly checkpoint: JobCheckpoint;
  readonly reason: JobReason;
  readonly output: unknown;
  /** The steps that were started in this run, in order. */
  readonly startedSteps: readonly string[];
  readonly totals: JobCallTotals;
  readonly status: BudgetStatus;
  readonly warnings: readonly string[];
}

/** Builds the result of a run. */
export function buildResult({
  checkpoint,
  reason,
  output,
  startedSteps,
  totals,
  status,
  warnings,
}: ResultParts): JobResult {
  const { settled } = status.balances;
  const interrupted = subtractAmounts(settled, totals.all.charged);
  const completed = checkpoint.steps.filter(({ state }) => state === 'completed');
  return {
    job: checkpoint.job,
    name: checkpoint.name,
    reason,
    completed: reason === 'completed',
    ...(checkpoint.error === undefined ? {} : { error: checkpoint.error }),
    ...(reason === 'completed' && output !== undefined ? { output } : {}),
    outputs: Object.fromEntries(completed.map((step) => [step.name, step.output])),
    partial: checkpoint.partial,
    steps: reportSteps(checkpoint, startedSteps, totals),
    budget: {
      name: status.budget,
      unit: checkpoint.unit,
      limits: status.limits,
      left: status.left,
      usedShare: status.usedShare,
    },
    charged: toChargeReport(settled),
    usage: totals.all.toReport(),
    byModel: reportEach(totals.byModel),
    interrupted: toChargeReport({
      calls: Math.max(0, interrupted.calls),
      tokens: Math.max(0, interrupted.tokens),
      costNanoUsd: Math.max(0, interrupted.costNanoUsd),
    }),
    deniedCalls: checkpoint.deniedCalls,
    efficiency: efficiencyOf(totals.all, checkpoint.activeMs, settled, completed.length),
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

function reportSteps(
  checkpoint: JobCheckpoint,
  startedSteps: readonly string[],
  totals: JobCallTotals,
): StepReport[] {
  const saved = new Map(checkpoint.steps.map((step) => [step.name, step]));
  const names = new Set([...saved.keys(), ...startedSteps, ...totals.byStep.keys()]);
  return [...names].map((name) => {
    const step = saved.get(name);
    const completed = step?.state === 'completed' ? step : undefined;
    return {
      name,
      state: completed === undefined ? 'unfinished' : 'completed',
      attempts: completed?.attempts ?? 0,
      run: completed?.run ?? 0,
      durationMs: completed?.durationMs ?? 0,
      ...(totals.byStep.get(name) ?? new CallTotals()).toReport(),
    };
  });
}

function efficiencyOf(
  calls: CallTotals,
  activeMs: number,
  settled: { readonly tokens: number; readonly costNanoUsd: number },
  completedSteps: number,
): Efficiency {
  const { usage, tokens } = calls.toReport();
  return {
    ...(usage.input > 0 ? { cacheHitShare: usage.cachedInput / usage.input } : {}),
    ...(calls.callMs > 0 ? { outputTokensPerSecond: (usage.output * 1_000) / calls.callMs } : {}),
    ...(activeMs > 0 ? { tokensPerSecond: (tokens * 1_000) / activeMs } : {}),
    ...(completedSteps > 0
      ? {
          costPerStepUsd: nanoToUsd(settled.costNanoUsd) / completedSteps,
          tokensPerStep: settled.tokens / completedSteps,
        }
      : {}),
  };
}

function reportEach(byName: ReadonlyMap<string, CallTotals>): Record<string, UsageReport> {
  return Object.fromEntries([...byName].map(([name, totals]) => [name, totals.toReport()]));
}
