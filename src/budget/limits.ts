import { nanoToUsd, usdToNano } from '../pricing/index.ts';

/** The most a budget may spend. Any of them, all enforced; none is no limit. */
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

/** An amount of everything that is counted. Integers. */
export interface Amounts {
  readonly costNanoUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

export const NOTHING: Amounts = { costNanoUsd: 0, tokens: 0, calls: 0 };

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    tokens: a.tokens + b.tokens,
    calls: a.calls + b.calls,
  };
}

export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    costNanoUsd: a.costNanoUsd - b.costNanoUsd,
    tokens: a.tokens - b.tokens,
    calls: a.calls - b.calls,
  };
}

/** What the limits of a budget were raised by, of everything that can be limited. Integers. */
export interface Grant extends Amounts {
  /** Wall clock, milliseconds. */
  readonly milliseconds: number;
}

/** Nothing on top of the limits. */
export const NO_GRANT: Grant = { ...NOTHING, milliseconds: 0 };

const amountsOf = new WeakMap<Limits, Amounts>();

/** The limits as amounts, with what was granted on top of them; `Infinity` where none is set. */
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
      limits.costUsd === undefined ? Infinity : raised(usdToNano(limits.costUsd), granted.costNanoUsd),
    tokens: raised(limits.tokens ?? Infinity, granted.tokens),
    calls: raised(limits.calls ?? Infinity, granted.calls),
  };
}

/** How long a budget runs, with what was granted, milliseconds; `Infinity` where it has no end. */
export function limitMilliseconds({ minutes }: Limits, granted: Grant = NO_GRANT): number {
  return minutes === undefined ? Infinity : minutes * MS_PER_MINUTE + granted.milliseconds;
}

/** The limits that are set, with what was granted on top of them, in the units that people read. */
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

function raised(limit: number, by: number): number {
  return limit === Infinity ? limit : Math.min(Number.MAX_SAFE_INTEGER, limit + by);
}

export function addGrants(a: Grant, b: Grant): Grant {
  return { ...addAmounts(a, b), milliseconds: a.milliseconds + b.milliseconds };
}

export function isNoGrant(grant: Grant): boolean {
  return GRANTED.every((name) => grant[name] === 0);
}

/** The parts of a grant. */
const GRANTED = ['costNanoUsd', 'tokens', 'calls', 'milliseconds'] as const satisfies (keyof Grant)[];

/** @throws RangeError where a part is not a whole number of zero or more, or all are zero */
export function checkGrant(grant: Grant): void {
  for (const name of GRANTED) checkWhole(name, grant[name]);
  if (isNoGrant(grant)) throw new RangeError('a grant raises at least one limit; given is nothing');
}

/** @throws RangeError where an amount is not a whole number of zero or more */
export function checkAmounts(amounts: Amounts): void {
  for (const [name] of LIMIT_OF) checkWhole(name, amounts[name]);
}

function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${name}: given ${value}; taken is a whole number of zero or more`);
}

/** @throws RangeError where a limit is not a number of zero or more */
export function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits) as [LimitName, number | undefined][]) {
    const whole = name === 'tokens' || name === 'calls';
    if (
      value === undefined ||
      (value >= 0 && Number.isFinite(value) && (!whole || Number.isSafeInteger(value)))
    )
      continue;
    throw new RangeError(
      `limits.${name}: given ${value}; taken is a ${whole ? 'whole ' : ''}number of zero or more`,
    );
  }
  toAmounts(limits, NO_GRANT);
}

/** Which limit each amount is held against, in the order in which they are tried. */
export const LIMIT_OF: readonly (readonly [amount: keyof Amounts, limit: LimitName])[] = [
  ['costNanoUsd', 'costUsd'],
  ['tokens', 'tokens'],
  ['calls', 'calls'],
];

/** Milliseconds in a minute. */
export const MS_PER_MINUTE = 60_000;
