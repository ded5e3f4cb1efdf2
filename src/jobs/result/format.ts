import { formatUsd, NANO_PER_USD } from '../../pricing/index.ts';
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTable,
  type TableColumn,
} from '../../util/index.ts';
import type { JobSummary } from '../state/index.ts';
import type { JobResult } from './result.ts';

const STEP_COLUMNS: readonly TableColumn[] = [
  { title: 'step', align: 'left' },
  { title: 'state', align: 'left' },
  { title: 'run' },
  { title: 'attempts' },
  { title: 'calls' },
  { title: 'input' },
  { title: 'cached' },
  { title: 'output' },
  { title: 'cost' },
  { title: 'time' },
];

const JOB_COLUMNS: readonly TableColumn[] = [
  { title: 'job', align: 'left' },
  { title: 'state', align: 'left' },
  { title: 'kind', align: 'left' },
  { title: 'file', align: 'left' },
  { title: 'steps' },
  { title: 'runs' },
  { title: 'tokens' },
  { title: 'cost' },
  { title: 'updated' },
];

/**
 * Formats a result as text for a terminal.
 * @example
 * ```ts
 * console.log(formatJobResult(await runJob(job, { costBudgetUsd: 2 })));
 * ```
 */
export function formatJobResult(result: JobResult): string {
  const { job, name, reason, error, budget, charged, usage, interrupted, time } = result;
  const unit = budget.unit === 'tokens' ? 'tokens at the output price' : 'money';
  const lines = [
    `Job ${job} (${name}): ${reason}${error === undefined ? '' : `: ${error.message}`}`,
    '',
    ...formatSteps(result),
    '',
    `Budget       ${formatLimits(result)}; ${formatPercent(budget.usedShare)} used, in ${unit}`,
    `Charged      ${formatCharge(charged)}; ${formatQuantity(result.deniedCalls, 'call')} denied`,
    `Answered     ${formatCharge(usage)}: ${formatUsage(result)}`,
    `Interrupted  ${formatCharge(interrupted)}, charged in full`,
    `Time         ${formatDuration(time.activeMs)} active in ${formatQuantity(time.runs, 'run')}, over ${formatDuration(time.elapsedMs)}`,
    `Efficiency   ${formatEfficiency(result)}`,
    ...result.warnings.map((warning) => `Warning      ${warning}`),
  ];
  return lines.join('\n');
}

/** Formats a list of jobs as a table. */
export function formatJobList(jobs: readonly JobSummary[]): string {
  if (jobs.length === 0) return 'No jobs.';
  const rows = jobs.map((job) => [
    job.job,
    job.state,
    job.name ?? '',
    job.file ?? '',
    String(job.stepsCompleted ?? ''),
    String(job.runs ?? ''),
    job.tokens === undefined ? '' : formatCount(job.tokens),
    job.costUsd === undefined ? '' : formatAmount(job.costUsd),
    job.updatedAt ?? '',
  ]);
  return formatTable(JOB_COLUMNS, rows).join('\n');
}

function formatSteps({ steps }: JobResult): string[] {
  const rows = steps.map((step) => [
    step.name,
    step.state,
    String(step.run || ''),
    String(step.attempts || ''),
    formatCount(step.calls),
    formatCount(step.usage.input),
    formatCount(step.usage.cachedInput),
    formatCount(step.usage.output),
    formatUsd(step.costNanoUsd),
    step.state === 'completed' ? formatDuration(step.durationMs) : '',
  ]);
  return formatTable(STEP_COLUMNS, rows);
}

function formatCharge({ calls, tokens, costNanoUsd }: JobResult['charged']): string {
  return `${formatQuantity(calls, 'call')}, ${formatQuantity(tokens, 'token')}, ${formatUsd(costNanoUsd)}`;
}

function formatUsage({ usage: { usage } }: JobResult): string {
  const input = `input ${formatCount(usage.input)} (cached ${formatCount(usage.cachedInput)})`;
  return `${input}, output ${formatCount(usage.output)} (reasoning ${formatCount(usage.reasoning)})`;
}

function formatEfficiency({ efficiency }: JobResult): string {
  const { cacheHitShare, outputTokensPerSecond, tokensPerSecond, costPerStepUsd, tokensPerStep } = efficiency;
  const parts = [
    costPerStepUsd === undefined ? [] : `${formatAmount(costPerStepUsd)} per step`,
    tokensPerStep === undefined ? [] : `${formatQuantity(Math.round(tokensPerStep), 'token')} per step`,
    cacheHitShare === undefined ? [] : `${formatPercent(cacheHitShare)} of the input cached`,
    outputTokensPerSecond === undefined
      ? []
      : `${outputTokensPerSecond.toFixed(1)} output tokens per second of call`,
    tokensPerSecond === undefined ? [] : `${tokensPerSecond.toFixed(1)} tokens per active second`,
  ];
  return parts.flat().join(', ') || 'no figures';
}

function formatLimits({ budget: { limits, left } }: JobResult): string {
  const { tokens, costUsd, calls, minutes } = limits;
  const parts = [
    tokens === undefined ? [] : `${formatQuantity(tokens, 'token')}, ${formatCount(left.tokens ?? 0)} left`,
    costUsd === undefined ? [] : `${formatAmount(costUsd)}, ${formatAmount(left.costUsd ?? 0)} left`,
    calls === undefined ? [] : `${formatQuantity(calls, 'call')}, ${formatCount(left.calls ?? 0)} left`,
    minutes === undefined ? [] : `${minutes} wall-clock minutes`,
  ];
  return parts.flat().join('; ') || 'no limit';
}

function formatAmount(usd: number): string {
  return formatUsd(usd * NANO_PER_USD);
}
