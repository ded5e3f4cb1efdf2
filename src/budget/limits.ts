import { nanoToUsd, usdToNano } from '../pricing/index.ts';

/**
 * The most that a budget may spend. Any combination; all are enforced, and one that is not set is no limit.
 */
export interface Limits {
  /** USD. */
  readonly costUsd?: number | undefined;
  /** Tokens, input plus output. */
  readonly tokens?: number | undefined;
  /** Calls that were sent. */
  readonly calls?: number | undefined;
  /** Wall clock since the budget began, minutes. */
  readonly minutes?: number | undefined;
}

/** The name of a limit. */
export type LimitName = keyof Limits;

/** The names of all limits. */
export const LIMIT_NAMES = ['costUsd', 'tokens', 'calls', 'minutes'] as const satisfies readonly LimitName[];

/** An amount of everything that is counted. Integers. */
export interface Amounts {
  readonly costNanoUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

/** The limit of each amount, in the order in which they are checked. */
export const LIMIT_OF: readonly (readonly [amount: keyof Amounts, limit: LimitName])[] = [
  ['costNanoUsd', 'costUsd'],
  ['tokens', 'tokens'],
  ['calls', 'calls'],
];

/** No amount of anything. */
export const NOTHING: Amounts = { costNanoUsd: 0, tokens: 0, calls: 0 };

/** Adds two amounts. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    tokens: a.tokens + b.tokens,
    calls: a.calls + b.calls,
  };
}

/** Subtracts amount `b` from amount `a`. */
export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    costNanoUsd: a.costNanoUsd - b.costNanoUsd,
    tokens: a.tokens - b.tokens,
    calls: a.calls - b.calls,
  };
}

/** An amount by which the limits of a budget were raised. Integers. */
export interface Grant extends Amounts {
  /** Wall clock, milliseconds. */
  readonly milliseconds: number;
}

/** A grant of nothing. */
export const NO_GRANT: Grant = { ...NOTHING, milliseconds: 0 };

/** Milliseconds in a minute. */
export const MS_PER_MINUTE = 60_000;

const amountsOf = new WeakMap<Limits, Amounts>();

/** Returns the limits plus their grant as amounts; `Infinity` for one that is not set. */
export function limitAmounts(limits: Limits, granted?: Grant): Amounts {
  if (granted !== undefined) return toAmounts(limits, granted);
  let amounts = amountsOf.get(limits);
  if (amounts === undefined) {
    amounts = toAmounts(limits, NO_GRANT);
    amountsOf.set(limits, amounts);
  }
  return amounts;
}

function toAmounts(limits: Limits, granted: Grant): Amounts {
  return {
    costNanoUsd:
      limits.costUsd === undefined ? Infinity : raisedBy(usdToNano(limits.costUsd), granted.costNanoUsd),
    tokens: raisedBy(limits.tokens ?? Infinity, granted.tokens),
    calls: raisedBy(limits.calls ?? Infinity, granted.calls),
  };
}

/** Returns how long a budget runs, with its grant, milliseconds; `Infinity` if it has no such limit. */
export function limitMilliseconds({ minutes }: Limits, granted: Grant = NO_GRANT): number {
  return minutes === undefined ? Infinity : minutes * MS_PER_MINUTE + granted.milliseconds;
}

/** Returns the limits that are set plus their grant, in the units of {@link Limits}. */
export function raisedLimits(limits: Limits, granted: Grant | undefined): Limits {
  if (granted === undefined) return limits;
  const { costNanoUsd, tokens, calls } = limitAmounts(limits, granted);
  return {
    ...(limits.costUsd === undefined ? {} : { costUsd: nanoToUsd(costNanoUsd) }),
    ...(limits.tokens === undefined ? {} : { tokens }),
    ...(limits.calls === undefined ? {} : { calls }),
    ...(limits.minutes === undefined ? {} : { minutes: limitMilliseconds(limits, granted) / MS_PER_MINUTE }),
  };
}

function raisedBy(limit: number, grant: number): number {
  return limit === Infinity ? limit : Math.min(Number.MAX_SAFE_INTEGER, limit + grant);
}

/** Adds two grants. */
export function addGrants(a: Grant, b: Grant): Grant {
  return { ...addAmounts(a, b), milliseconds: a.milliseconds + b.milliseconds };
}

/** Whether a grant raises nothing. */
export function isNoGrant(grant: Grant): boolean {
  return GRANTED.every((name) => grant[name] === 0);
}

/** The parts of a grant. */
const GRANTED = ['costNanoUsd', 'tokens', 'calls', 'milliseconds'] as const satisfies (keyof Grant)[];

/**
 * Checks a grant.
 * @throws RangeError if a part is not a whole number of zero or more, or all are zero
 */
export function checkGrant(grant: Grant): void {
  for (const name of GRANTED) checkWholeNumber(name, grant[name]);
  if (isNoGrant(grant)) throw new RangeError('got a grant of nothing, expected one that raises a limit');
}

/**
 * Checks amounts.
 * @throws RangeError if one is not a whole number of zero or more
 */
export function checkAmounts(amounts: Amounts): void {
  for (const [name] of LIMIT_OF) checkWholeNumber(name, amounts[name]);
}

function checkWholeNumber(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${name}: got ${value}, expected a whole number of zero or more`);
}

/**
 * Checks limits.
 * @throws RangeError if one is not a number of zero or more, whole for tokens and calls
 */
export function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits) as [LimitName, number | undefined][]) {
    const isWhole = name === 'tokens' || name === 'calls';
    if (
      value === undefined ||
      (value >= 0 && Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value)))
    ) {
      continue;
    }
    const expected = `a ${isWhole ? 'whole ' : ''}number of zero or more`;
    throw new RangeError(`limits.${name}: got ${value}, expected ${expected}`);
  }
  toAmounts(limits, NO_GRANT);
}
