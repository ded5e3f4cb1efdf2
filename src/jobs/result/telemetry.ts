import {
  type Attributes,
  type Context,
  context,
  eventLogger,
  metrics,
  type Severity,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '../../telemetry/api/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { VERSION } from '../../util/index.ts';
import type { JobResult } from './result.ts';

/**
 * Differs from the scope of model calls: the span processor treats spans below one of those as parts of it.
 */
export const JOB_SCOPE = 'otel-token-budget.jobs';

const jobEvents = eventLogger(JOB_SCOPE, VERSION);

/** The operation that a span describes. */
export interface SpanOperation {
  readonly kind: 'agent' | 'tool';
  readonly name: string;
  readonly attributes: Attributes;
}

/**
 * Runs a part of a job in a span that follows the conventions for agents and tools (gen-ai-agent-spans.md,
 * execute-tool.md).
 * @param parent the context of its parent; default: the current one
 */
export async function runInSpan<T>(
  { kind, name, attributes }: SpanOperation,
  run: (span: Span) => Promise<T>,
  parent: Context = context.active(),
): Promise<T> {
  const operation = kind === 'tool' ? 'execute_tool' : 'invoke_agent';
  const span = trace.getTracer(JOB_SCOPE, VERSION).startSpan(
    `${operation} ${name}`,
    {
      kind: SpanKind.INTERNAL,
      attributes: {
        [semconv.ATTR_OPERATION_NAME]: operation,
        [kind === 'tool' ? semconv.ATTR_TOOL_NAME : semconv.ATTR_AGENT_NAME]: name,
        ...attributes,
      },
    },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), () => run(span));
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Marks a span as failed. The message of an error may hold content, so only that of our own errors is set.
 */
function markFailed(span: Span, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const isOurs = code?.startsWith('token_budget_') === true;
  span.setAttribute(semconv.ATTR_ERROR_TYPE, isOurs ? code : error instanceof Error ? error.name : '_OTHER');
  const message = isOurs && error instanceof Error ? { message: error.message } : {};
  span.setStatus({ code: SpanStatusCode.ERROR, ...message });
}

/** Returns the context of a job's first run, whose process may have ended. */
export function contextOfFirstRun(
  first: Pick<SpanContext, 'traceId' | 'spanId' | 'traceFlags'> | undefined,
): Context {
  if (first === undefined) return context.active();
  return trace.setSpanContext(context.active(), { ...first, isRemote: true });
}

/**
 * Reports the result of a run on its span, as a log record, and as metrics. Has to run in the span's context.
 */
export function emitResult(span: Span, result: JobResult): void {
  const attributes = resultAttributes(result);
  span.setAttributes({ ...attributes, ...agentBudgetAttributes(result) });
  if (result.reason === 'error') span.setStatus({ code: SpanStatusCode.ERROR });
  jobEvents.emit(
    { eventName: semconv.EVENT_JOB, severity: severityOf(result), context: context.active() },
    { body: `Job "${result.job}" ended: ${result.reason}`, attributes },
  );
  recordMetrics(result);
}

function severityOf({ reason }: JobResult): keyof typeof Severity {
  if (reason === 'completed') return 'INFO';
  return reason === 'error' ? 'ERROR' : 'WARN';
}

function resultAttributes(result: JobResult): Attributes {
  const { charged, usage, efficiency, steps, time } = result;
  const optional: readonly (readonly [string, number | undefined])[] = [
    [semconv.ATTR_JOB_CACHE_HIT_SHARE, efficiency.cacheHitShare],
    [semconv.ATTR_JOB_OUTPUT_SPEED, efficiency.outputTokensPerSecond],
    [semconv.ATTR_JOB_COST_PER_STEP, efficiency.costPerStepUsd],
  ];
  return {
    [semconv.ATTR_JOB_ID]: result.job,
    [semconv.ATTR_AGENT_NAME]: result.name,
    [semconv.ATTR_BUDGET_NAME]: result.budget.name,
    [semconv.ATTR_JOB_REASON]: result.reason,
    [semconv.ATTR_JOB_RUN]: time.runs,
    [semconv.ATTR_JOB_STEPS]: steps.filter(({ state }) => state === 'completed').length,
    [semconv.ATTR_JOB_CALLS]: charged.calls,
    [semconv.ATTR_JOB_DENIED_CALLS]: result.deniedCalls,
    [semconv.ATTR_JOB_TOKENS]: charged.tokens,
    [semconv.ATTR_JOB_COST]: charged.costUsd,
    [semconv.ATTR_JOB_INTERRUPTED_COST]: result.interrupted.costUsd,
    [semconv.ATTR_JOB_USED_SHARE]: result.budget.usedShare,
    [semconv.ATTR_USAGE_INPUT_TOKENS]: usage.usage.input,
    [semconv.ATTR_USAGE_OUTPUT_TOKENS]: usage.usage.output,
    [semconv.ATTR_USAGE_CACHE_READ]: usage.usage.cachedInput,
    [semconv.ATTR_JOB_ACTIVE]: time.activeMs / 1_000,
    ...Object.fromEntries(optional.filter(([, value]) => value !== undefined)),
  };
}

/** The budget of an agent as it is proposed for the conventions: an iteration is a call of a model. */
function agentBudgetAttributes({ charged, budget: { limits } }: JobResult): Attributes {
  return {
    ...(limits.tokens === undefined ? {} : { [semconv.ATTR_AGENT_TOKEN_BUDGET_LIMIT]: limits.tokens }),
    [semconv.ATTR_AGENT_TOKEN_BUDGET_CONSUMED]: charged.tokens,
    ...(limits.calls === undefined ? {} : { [semconv.ATTR_AGENT_ITERATION_BUDGET_LIMIT]: limits.calls }),
    [semconv.ATTR_AGENT_ITERATION_BUDGET_CONSUMED]: charged.calls,
  };
}

/** Records the figures of all runs. A run that is killed records none; the next run includes it. */
function recordMetrics({ name, reason, efficiency, charged, time }: JobResult): void {
  const meter = metrics.getMeter(JOB_SCOPE, VERSION);
  const attributes = { [semconv.ATTR_AGENT_NAME]: name, [semconv.ATTR_JOB_REASON]: reason };
  const record = (metric: string, unit: string, description: string, value: number | undefined): void => {
    if (value !== undefined) meter.createHistogram(metric, { unit, description }).record(value, attributes);
  };
  record(
    semconv.METRIC_JOB_ACTIVE,
    's',
    'How long a job was active, in all its runs.',
    time.activeMs / 1_000,
  );
  record(semconv.METRIC_JOB_COST, '{USD}', 'The charge of a job.', charged.costUsd);
  record(
    semconv.METRIC_JOB_COST_PER_STEP,
    '{USD}',
    'The cost of a completed step.',
    efficiency.costPerStepUsd,
  );
  record(semconv.METRIC_JOB_CACHE_HIT_SHARE, '1', 'The cached share of all input.', efficiency.cacheHitShare);
  record(
    semconv.METRIC_JOB_OUTPUT_SPEED,
    '{token}/s',
    'Output tokens per second of call.',
    efficiency.outputTokensPerSecond,
  );
}
