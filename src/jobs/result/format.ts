import { formatUsd } from '../../pricing/index.ts';
import type { JobSummary } from '../state/index.ts';
import type { JobResult } from './result.ts';

/** A result in words, for a terminal. */
export function formatJobResult(result: JobResult): string {
  const { budget, charged, usage, interrupted, efficiency, time } = result;
  const kinds = usage.usage;
  const lines = [
    `Job ${result.job} (${result.name}): ${result.reason}${result.error === undefined ? '' : `: ${result.error.message}`}`,
    '',
    table(
      ['step', 'state', 'run', 'tries', 'calls', 'input', 'cached', 'output', 'cost USD', 'time'],
      result.steps.map((step) => [
        step.name,
        step.state,
        String(step.run || ''),
        String(step.attempts || ''),
        String(step.calls),
        String(step.usage.input),
        String(step.usage.cachedInput),
        String(step.usage.output),
        usd(step.costNanoUsd),
        step.state === 'completed' ? seconds(step.durationMs) : '',
      ]),
      2,
    ),
    '',
    `Budget       ${limitsOf(result)}; ${percent(budget.usedShare)} used, in ${budget.unit === 'tokens' ? 'tokens at the output price' : 'money'}`,
    `Charged      ${callsText(charged.calls)}, ${charged.tokens} tokens, ${usd(charged.costNanoUsd)} USD; ${callsText(result.deniedCalls)} denied`,
    `Answered     ${callsText(usage.calls)}: input ${kinds.input} (cached ${kinds.cachedInput}), output ${kinds.output} (reasoning ${kinds.reasoning}), ${usd(usage.costNanoUsd)} USD`,
    `Interrupted  ${callsText(interrupted.calls)}, charged in full: ${interrupted.tokens} tokens, ${usd(interrupted.costNanoUsd)} USD`,
    `Time         ${seconds(time.activeMs)} of work in ${time.runs} ${time.runs === 1 ? 'run' : 'runs'}, over ${seconds(time.elapsedMs)}`,
    `Efficiency   ${describeEfficiency(efficiency)}`,
    ...result.warnings.map((warning) => `Warning      ${warning}`),
  ];
  return lines.join('\n');
}

/** Jobs in a table. */
export function formatJobList(jobs: readonly JobSummary[]): string {
  if (jobs.length === 0) return 'No jobs.';
  return table(
    ['job', 'state', 'kind', 'file', 'steps', 'runs', 'tokens', 'cost USD', 'last kept'],
    jobs.map((job) => [
      job.job,
      job.state,
      job.name ?? '',
      job.file ?? '',
      String(job.stepsCompleted ?? ''),
      String(job.runs ?? ''),
      String(job.tokens ?? ''),
      job.costUsd?.toFixed(6) ?? '',
      job.updatedAt ?? '',
    ]),
    4,
  );
}

function describeEfficiency(efficiency: JobResult['efficiency']): string {
  const { cacheHitShare, outputTokensPerSecond, tokensPerSecond, costPerStepUsd, tokensPerStep } = efficiency;
  const parts = [
    costPerStepUsd === undefined ? undefined : `${costPerStepUsd.toFixed(6)} USD a step`,
    tokensPerStep === undefined ? undefined : `${Math.round(tokensPerStep)} tokens a step`,
    cacheHitShare === undefined ? undefined : `${percent(cacheHitShare)} of the input cached`,
    outputTokensPerSecond === undefined
      ? undefined
      : `${outputTokensPerSecond.toFixed(1)} output tokens a second of call`,
    tokensPerSecond === undefined ? undefined : `${tokensPerSecond.toFixed(1)} tokens a second of work`,
  ];
  return parts.filter((part) => part !== undefined).join(', ') || 'nothing to tell';
}

function limitsOf({ budget: { limits, left } }: JobResult): string {
  const parts = [
    limits.tokens === undefined ? undefined : `${limits.tokens} tokens, ${left.tokens} left`,
    limits.costUsd === undefined ? undefined : `${limits.costUsd} USD, ${left.costUsd} left`,
    limits.calls === undefined ? undefined : `${limits.calls} calls, ${left.calls} left`,
    limits.minutes === undefined ? undefined : `${limits.minutes} minutes`,
  ];
  return parts.filter((part) => part !== undefined).join('; ') || 'no limit';
}

/** Columns padded to their widest cell; those after the first `left` are right-aligned. */
function table(header: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}

function callsText(calls: number): string {
  return `${calls} ${calls === 1 ? 'call' : 'calls'}`;
}

function usd(nano: number): string {
  return formatUsd(nano).slice(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
