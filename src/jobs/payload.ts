import * as v from 'valibot';
import { DEFAULT_MINUTES, type Limits, minutesToNanoUsd, nanoUsdToOutputTokens } from '../budget/index.ts';
import { MAX_USD, nanoToUsd, PriceBook, usdToNano } from '../pricing/index.ts';
import { formatValue } from '../util/index.ts';
import { JobDefinitionError } from './errors.ts';

/** How much a job may spend. A field that is null counts as absent. */
export interface JobPayload {
  /**
   * Minutes of work: an amount of money, not a clock. 240 of them are worth 10 USD; default, if no budget is
   * given: 15. With the option `wallClock` they are a limit of elapsed time as well.
   */
  readonly timeBudgetMinutes?: number | null | undefined;
  /** USD; takes precedence over the minutes of work. */
  readonly costBudgetUsd?: number | null | undefined;
  /** Tokens, input plus output; applies in addition to the others. */
  readonly tokenBudget?: number | null | undefined;
  /** The model whose output price converts money to tokens; default: gpt-5.2. */
  readonly model?: string | null | undefined;
}

/** The units that a job's limit can be in. */
export const JOB_UNITS = ['tokens', 'cost'] as const;

/**
 * The unit of a job's limit: `tokens`, the money at the model's output price, which is conservative because
 * input is cheaper; or `cost`, the money itself, so that cheap and cached input lasts longer.
 */
export type JobUnit = (typeof JOB_UNITS)[number];

/** The default model of a payload. */
export const DEFAULT_JOB_MODEL = 'gpt-5.2';

const MAX_MINUTES = 5_256_000;

const schema = v.strictObject({
  timeBudgetMinutes: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_MINUTES))),
  costBudgetUsd: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_USD))),
  tokenBudget: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  model: v.nullish(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
});

const EXPECTED: Readonly<Record<string, string>> = {
  timeBudgetMinutes: `a number of minutes from 0 to ${MAX_MINUTES}, such as 15`,
  costBudgetUsd: `a number of USD from 0 to ${MAX_USD}, such as 5 or 0.25`,
  tokenBudget: 'a whole number of tokens from 0, such as 100000',
  model: 'the name of a model, such as gpt-5.2',
};

const FIELDS = Object.keys(EXPECTED).join(', ');

/**
 * Checks a payload and returns it.
 * @throws JobDefinitionError that names the first invalid field
 */
export function checkJobPayload(payload: unknown): JobPayload {
  const parsed = Array.isArray(payload) ? undefined : v.safeParse(schema, payload, { abortEarly: true });
  if (parsed?.success) return parsed.output;
  const issue = parsed?.issues[0];
  const field = issue?.path?.[0]?.key;
  if (issue === undefined || field === undefined) {
    throw new JobDefinitionError(`payload: got ${formatValue(payload)}, expected an object with ${FIELDS}.`);
  }
  const expected = EXPECTED[String(field)];
  if (expected === undefined) {
    throw new JobDefinitionError(`payload: unknown field "${String(field)}". Known fields: ${FIELDS}.`);
  }
  throw new JobDefinitionError(
    `payload.${String(field)}: got ${formatValue(issue.input)}, expected ${expected}.`,
  );
}

/** Whether a payload sets a budget. */
export function hasBudget({ timeBudgetMinutes, costBudgetUsd, tokenBudget }: JobPayload): boolean {
  return timeBudgetMinutes != null || costBudgetUsd != null || tokenBudget != null;
}

/** The limits of a payload. */
export interface JobAllowance {
  /** The money that the payload is worth, nano-USD; undefined if it only sets tokens. */
  readonly nanoUsd: number | undefined;
  /** The limits of the job's budget. */
  readonly limits: Limits;
  readonly unit: JobUnit;
  /** The model whose output price converts money to tokens. */
  readonly model: string;
}

/** How minutes of work and money become limits. */
export interface AllowanceOptions {
  /** Default: `tokens`. */
  readonly unit?: JobUnit | undefined;
  /** Default: list prices. */
  readonly prices?: PriceBook | undefined;
  /** Whether `timeBudgetMinutes` also limits elapsed (wall-clock) time; default: false. */
  readonly wallClock?: boolean | undefined;
}

/**
 * Returns the limits of a job: `costBudgetUsd` takes precedence over `timeBudgetMinutes`; default: 15 minutes
 * of work.
 * @throws JobDefinitionError if the payload is invalid, or money cannot be converted at the model's price
 */
export function jobAllowance(payload: JobPayload, options: AllowanceOptions = {}): JobAllowance {
  return computeAllowance(checkJobPayload(payload), options);
}

/** As {@link jobAllowance}, of a payload that has been checked. */
export function computeAllowance(payload: JobPayload, options: AllowanceOptions): JobAllowance {
  const { unit = 'tokens', wallClock = false } = options;
  const model = payload.model ?? DEFAULT_JOB_MODEL;
  const nanoUsd = moneyOf(payload);
  const minutes = wallClock ? payload.timeBudgetMinutes : undefined;
  const tokenBudget = payload.tokenBudget ?? Number.POSITIVE_INFINITY;
  const tokens =
    nanoUsd === undefined || unit === 'cost'
      ? tokenBudget
      : Math.min(tokenBudget, convertToTokens(nanoUsd, model, options));
  return {
    nanoUsd,
    unit,
    model,
    limits: {
      ...(unit === 'cost' && nanoUsd !== undefined ? { costUsd: nanoToUsd(nanoUsd) } : {}),
      ...(tokens === Number.POSITIVE_INFINITY ? {} : { tokens }),
      ...(minutes == null ? {} : { minutes }),
    },
  };
}

function moneyOf({ costBudgetUsd, timeBudgetMinutes, tokenBudget }: JobPayload): number | undefined {
  if (costBudgetUsd != null) return usdToNano(costBudgetUsd);
  if (timeBudgetMinutes != null) return minutesToNanoUsd(timeBudgetMinutes);
  return tokenBudget == null ? minutesToNanoUsd(DEFAULT_MINUTES) : undefined;
}

/** Converts at the output price of a short input, which is the list price. */
function convertToTokens(nanoUsd: number, model: string, { prices }: AllowanceOptions): number {
  const [tier] = (prices ?? new PriceBook()).lookup({ model }).tiers;
  const price = tier?.rates.output ?? 0;
  if (price === 0) {
    throw new JobDefinitionError(
      `payload.model: got "${model}", whose output is free, so that money cannot be converted to tokens; ` +
        'set tokenBudget, or another model.',
    );
  }
  return nanoUsdToOutputTokens(nanoUsd, price);
}
