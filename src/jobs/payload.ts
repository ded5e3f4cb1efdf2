import * as v from 'valibot';
import { DEFAULT_MINUTES, type Limits, minutesToNanoUsd, nanoUsdToOutputTokens } from '../budget/index.ts';
import { MAX_USD, nanoToUsd, PriceBook, usdToNano } from '../pricing/index.ts';
import { formatValue } from '../util/index.ts';
import { JobDefinitionError } from './errors.ts';

/** What a job may spend, as whoever orders it says it. An absent field may also be null. */
export interface JobPayload {
  /** Working time, minutes: 240 of them are 10 USD. The default, where nothing else is given, is 15. */
  readonly timeBudgetMinutes?: number | null | undefined;
  /** USD; goes before the time. */
  readonly costBudgetUsd?: number | null | undefined;
  /** Tokens, input plus output; holds beside the others, where there are others. */
  readonly tokenBudget?: number | null | undefined;
  /** The model whose output price converts money to tokens; gpt-5.2 where absent. */
  readonly model?: string | null | undefined;
}

/**
 * What the limit of a job is in: `tokens`, the money at the model's output price, which is conservative, since input is cheaper; or
 * `cost`, the money itself, so that cheap and cached input lasts longer.
 */
export type JobUnit = 'tokens' | 'cost';

export const JOB_UNITS = ['tokens', 'cost'] as const satisfies readonly JobUnit[];

export const DEFAULT_JOB_MODEL = 'gpt-5.2';

const MAX_MINUTES = 5_256_000;

const schema = v.strictObject({
  timeBudgetMinutes: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_MINUTES))),
  costBudgetUsd: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_USD))),
  tokenBudget: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  model: v.nullish(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
});

const TAKES: Readonly<Record<string, string>> = {
  timeBudgetMinutes: `a number of minutes from 0 to ${MAX_MINUTES}, such as 15`,
  costBudgetUsd: `a number of USD from 0 to ${MAX_USD}, such as 5 or 0.25`,
  tokenBudget: 'a whole number of tokens from 0, such as 100000',
  model: 'the name of a model, such as gpt-5.2',
};

/** @throws JobDefinitionError that names the first field that is wrong */
export function checkJobPayload(given: unknown): JobPayload {
  const parsed = Array.isArray(given) ? undefined : v.safeParse(schema, given, { abortEarly: true });
  if (parsed?.success) return parsed.output;
  const issue = parsed?.issues[0];
  const field = issue?.path?.[0]?.key;
  if (issue === undefined || field === undefined) {
    throw new JobDefinitionError(`payload: given ${formatValue(given)}; taken is an object with ${known()}.`);
  }
  const takes = TAKES[String(field)];
  if (takes === undefined) {
    throw new JobDefinitionError(`payload.${String(field)} is not a field. Taken are: ${known()}.`);
  }
  throw new JobDefinitionError(
    `payload.${String(field)}: given ${formatValue(issue.input)}; taken is ${takes}.`,
  );
}

/** What a payload comes to. */
export interface JobAllowance {
  /** What the payload is worth, nano-USD; undefined where it names tokens alone. */
  readonly nanoUsd: number | undefined;
  /** The limits of the job's budget. */
  readonly limits: Limits;
  readonly unit: JobUnit;
  /** The model whose output price the tokens are at. */
  readonly model: string;
}

/** How time and money become limits. */
export interface AllowanceOptions {
  /** `tokens` where absent. */
  readonly unit?: JobUnit | undefined;
  /** List prices where absent. */
  readonly prices?: PriceBook | undefined;
  /** Whether `timeBudgetMinutes` is also a limit of wall-clock time; no where absent: it is an amount of work. */
  readonly wallClock?: boolean | undefined;
}

/**
 * The limits of a job: `costBudgetUsd` goes before the time, none of them is 15 minutes.
 * @throws JobDefinitionError where the payload is wrong, or the model has no price to convert at
 */
export function jobAllowance(given: JobPayload, options: AllowanceOptions = {}): JobAllowance {
  const payload = checkJobPayload(given);
  const { unit = 'tokens', wallClock = false } = options;
  const model = payload.model ?? DEFAULT_JOB_MODEL;
  const nanoUsd = moneyOf(payload);
  const minutes = wallClock ? payload.timeBudgetMinutes : undefined;
  const most = payload.tokenBudget ?? Number.POSITIVE_INFINITY;
  const tokens =
    nanoUsd === undefined || unit === 'cost' ? most : Math.min(most, tokensFor(nanoUsd, model, options));
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

/** At the output price of a short input, which is the list price. */
function tokensFor(nanoUsd: number, model: string, { prices }: AllowanceOptions): number {
  const [tier] = (prices ?? new PriceBook()).lookup({ model }).tiers;
  const price = tier?.rates.output ?? 0;
  if (price === 0) {
    throw new JobDefinitionError(
      `payload.model: given "${model}", whose output costs nothing, so that money is no limit in tokens; give tokenBudget, or another model.`,
    );
  }
  return nanoUsdToOutputTokens(nanoUsd, price);
}

function known(): string {
  return Object.keys(TAKES).join(', ');
}
