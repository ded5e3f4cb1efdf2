import { formatUsd, NANO_PER_USD } from '../../pricing/index.ts';
import type { JobSummary } from '../state/index.ts';
import type { JobResult } from './result.ts';

/**
 * Formats a result as text for a terminal.
 * @example
 * ```ts
 * console.log(formatJobResult(await runJob(job, { costBudgetUsd: 2 })));
 * ```
 */
export function formatJobResult(result: JobResult): string {
  const { job, name, reason, error, budget, charged, usage, interrupted, time } = result;
  const kinds = usage.usage;
  const unit = budget.unit === 'tokens' ? 'tokens at the output price' : 'money';
  const lines = [
    `Job ${job} (${name}): ${reason}${error === undefined ? '' : `: ${error.message}`}`,
    '',
    formatSteps(result),
    '',
    `Budget       ${formatLimits(result)}; ${formatPercent(budget.usedShare)} used, in ${unit}`,
    `Charged      ${formatCalls(charged.calls)}, ${charged.tokens} tokens, ${formatUsd(charged.costNanoUsd)}; ${formatCalls(result.deniedCalls)} denied`,
    `Answered     ${formatCalls(usage.calls)}: input ${kinds.input} (cached ${kinds.cachedInput}), output ${kinds.output} (reasoning ${kinds.reasoning}), ${formatUsd(usage.costNanoUsd)}`,
    `Interrupted  ${formatCalls(interrupted.calls)}, charged in full: ${interrupted.tokens} tokens, ${formatUsd(interrupted.costNanoUsd)}`,
    `Time         ${formatSeconds(time.activeMs)} active in ${time.runs} ${time.runs === 1 ? 'run' : 'runs'}, over ${formatSeconds(time.elapsedMs)}`,
    `Efficiency   ${formatEfficiency(result)}`,
    ...result.warnings.map((warning) => `Warning      ${warning}`),
  ];
  return lines.join('\n');
}

/** Formats a list of jobs as a table. */
export function formatJobList(jobs: readonly JobSummary[]): string {
  if (jobs.length === 0) return 'No jobs.';
  return formatTable(
    ['job', 'state', 'kind', 'file', 'steps', 'runs', 'tokens', 'cost', 'updated'],
    jobs.map((job) => [
      job.job,
      job.state,
      job.name ?? '',
      job.file ?? '',
      String(job.stepsCompleted ?? ''),
      String(job.runs ?? ''),
      String(job.tokens ?? ''),
      job.costUsd === undefined ? '' : formatAmount(job.costUsd),
      job.updatedAt ?? '',
    ]),
    4,
  );
}

function formatSteps({ steps }: JobResult): string {
  return formatTable(
    ['step', 'state', 'run', 'attempts', 'calls', 'input', 'cached', 'output', 'cost', 'time'],
    steps.map((step) => [
      step.name,
      step.state,
      String(step.run || ''),
      String(step.attempts || ''),
      String(step.calls),
      String(step.usage.input),
      String(step.usage.cachedInput),
      String(step.usage.output),
      formatUsd(step.costNanoUsd),
      step.state === 'completed' ? formatSeconds(step.durationMs) : '',
    ]),
    2,
  );
}

function formatEfficiency({ efficiency }: JobResult): string {
  const { cacheHitShare, outputTokensPerSecond, tokensPerSecond, costPerStepUsd, tokensPerStep } = efficiency;
  const parts = [
    costPerStepUsd === undefined ? [] : `${formatAmount(costPerStepUsd)} per step`,
    tokensPerStep === undefined ? [] : `${Math.round(tokensPerStep)} tokens per step`,
    cacheHitShare === undefined ? [] : `${formatPercent(cacheHitShare)} of the input cached`,
    outputTokensPerSecond === undefined
      ? []
      : `${outputTokensPerSecond.toFixed(1)} output tokens per second of call`,
    tokensPerSecond === undefined ? [] : `${tokensPerSecond.toFixed(1)} tokens per active second`,
  ];
  return parts.flat().join(', ') || 'no figures';
}

function formatLimits({ budget: { limits, left } }: JobResult): string {
  const parts = [
    limits.tokens === undefined ? [] : `${limits.tokens} tokens, ${left.tokens} left`,
    limits.costUsd === undefined
      ? []
      : `${formatAmount(limits.costUsd)}, ${formatAmount(left.costUsd ?? 0)} left`,
    limits.calls === undefined ? [] : `${limits.calls} calls, ${left.calls} left`,
    limits.minutes === undefined ? [] : `${limits.minutes} wall-clock minutes`,
  ];
  return parts.flat().join('; ') || 'no limit';
}

/** Pads columns to their widest cell; all but the first `leftAligned` are right-aligned. */
function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  leftAligned: number,
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string =>
    column < leftAligned ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return [header, ...rows].map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}

function formatAmount(usd: number): string {
  return formatUsd(Math.round(usd * NANO_PER_USD));
}

function formatCalls(calls: number): string {
  return `${calls} ${calls === 1 ? 'call' : 'calls'}`;
}

function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
