import { usdToNano } from '../pricing/index.ts';

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

/** The limits as amounts, `Infinity` where none is set. */
export function limitAmounts(limits: Limits): Amounts {
  return {
    costNanoUsd: limits.costUsd === undefined ? Infinity : usdToNano(limits.costUsd),
    tokens: limits.tokens ?? Infinity,
    calls: limits.calls ?? Infinity,
  };
}

/** @throws RangeError where an amount is not a whole number of zero or more */
export function checkAmounts(amounts: Amounts): void {
  for (const [name] of LIMIT_OF) {
    const value = amounts[name];
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name}: given ${value}; taken is a whole number of zero or more`);
    }
  }
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
  limitAmounts(limits);
}

/** Which limit each amount is held against, in the order in which they are tried. */
export const LIMIT_OF: readonly (readonly [amount: keyof Amounts, limit: LimitName])[] = [
  ['costNanoUsd', 'costUsd'],
  ['tokens', 'tokens'],
  ['calls', 'calls'],
];

/** Milliseconds in a minute. */
export const MS_PER_MINUTE = 60_000;
