import assert from 'node:assert/strict';
import type {
  Admission,
  Amounts,
  Balances,
  BudgetDefinition,
  Grant,
  LimitName,
  ReserveRequest,
} from '../../src/budget/index.ts';

/** The amounts, and the limit of each. */
const KEYS = [
  ['costNanoUsd', 'costUsd'],
  ['tokens', 'tokens'],
  ['calls', 'calls'],
] as const;

const ZERO: Amounts = { costNanoUsd: 0, tokens: 0, calls: 0 };
const NO_GRANT: Grant = { ...ZERO, milliseconds: 0 };
const MINUTE = 60_000;
const SPAN = { hour: 60 * MINUTE, day: 24 * 60 * MINUTE };

interface ModelAccount {
  readonly budget: BudgetDefinition;
  startedAt: number;
  granted: Grant;
  settled: Amounts;
  reserved: Amounts;
  open: number;
  /** More was charged than was reserved, or left: the limit may be exceeded. */
  surprised: boolean;
}

interface ModelReservation {
  readonly accounts: readonly ModelAccount[];
  reserved: Amounts;
  leaseUntil: number;
}

/**
 * What a store has to hold, kept in the plainest way and apart from the package's own arithmetic. It does not
 * decide what a call is clamped to: it takes that from the answer and says whether the answer is one that may
 * be given.
 */
export class Model {
  readonly #accounts = new Map<string, ModelAccount>();
  readonly #open = new Map<string, ModelReservation>();
  readonly #leasesEnd: boolean;
  #now = 0;

  /** @param leasesEnd whether the store outlives its processes */
  constructor(leasesEnd: boolean) {
    this.#leasesEnd = leasesEnd;
  }

  /** It is that late, milliseconds since the epoch; leases that are over have ended. */
  at(now: number): void {
    this.#now = now;
    if (!this.#leasesEnd) return;
    for (const [id, held] of this.#open) if (held.leaseUntil <= now) this.#end(id, held, held.reserved);
  }

  /** @throws AssertionError if the answer is wrong */
  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest, answer: Admission): void {
    const accounts = chain.map((budget) => this.#account(budget));
    const least = (budget: BudgetDefinition): Amounts =>
      worst(request, Math.min(request.outputCap, budget.minOutputTokens));
    const denying = accounts.find((one) => denyingLimits(one, least(one.budget), this.#now).length > 0);
    assert.equal(answer.admitted, denying === undefined, 'admitted if every budget allows it');
    if (!answer.admitted) {
      assert.ok(denying !== undefined);
      assert.equal(answer.budget.name, denying.budget.name);
      assert.ok(
        denyingLimits(denying, least(denying.budget), this.#now).includes(answer.limit),
        answer.limit,
      );
      assert.deepEqual(answer.requested, least(denying.budget));
      assertSame(answer.balances, denying);
      return;
    }
    const { outputCap, reserved } = answer;
    const strict = accounts.filter(({ budget }) => budget.mode === 'strict');
    assert.ok(Number.isInteger(outputCap) && outputCap >= 0 && outputCap <= request.outputCap);
    for (const { budget } of strict) {
      assert.ok(outputCap >= Math.min(request.outputCap, budget.minOutputTokens), 'clamped below the least');
    }
    const whole = worst(request, request.outputCap);
    const limited = strict.filter(({ budget }) => hasLimits(budget));
    if (limited.length === 0 || (request.capped && limited.every((one) => fits(one, whole)))) {
      assert.equal(outputCap, request.outputCap, 'clamped though it fits');
    }
    assert.deepEqual(reserved, worst(request, outputCap));
    for (const account of strict) assert.ok(fits(account, reserved), 'reserved more than is left');
    for (const account of accounts) hold(account, reserved, 1);
    this.#open.set(request.id, { accounts, reserved, leaseUntil: this.#now + request.leaseMs });
  }

  /** Whether it grows. */
  grow(id: string, more: Amounts): boolean {
    const held = this.#open.get(id);
    if (held === undefined) return false;
    const strict = held.accounts.filter(({ budget }) => budget.mode === 'strict');
    if (!strict.every((account) => fits(account, more))) return false;
    for (const account of held.accounts) hold(account, more, 0);
    held.reserved = sum(held.reserved, more);
    return true;
  }

  /** Whether it was open. */
  settle(id: string, used: Amounts): boolean {
    const held = this.#open.get(id);
    if (held === undefined) return false;
    this.#end(id, held, used);
    return true;
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): void {
    for (const account of chain.map((budget) => this.#account(budget))) {
      account.surprised ||= !fits(account, used);
      account.settled = sum(account.settled, used);
    }
  }

  raise(budget: BudgetDefinition, grant: Grant): void {
    const account = this.#account(budget);
    const milliseconds = account.granted.milliseconds + grant.milliseconds;
    account.granted = { ...sum(account.granted, grant), milliseconds };
  }

  reset(budget: BudgetDefinition): void {
    const account = this.#account(budget);
    const { granted, reserved } = account;
    const kept = (key: keyof Amounts): number => Math.min(granted[key], reserved[key]);
    account.granted = {
      costNanoUsd: kept('costNanoUsd'),
      tokens: kept('tokens'),
      calls: kept('calls'),
      milliseconds: 0,
    };
    account.settled = ZERO;
    account.startedAt = this.#now;
  }

  heartbeat(ids: readonly string[], leaseMs: number): void {
    for (const id of ids) {
      const held = this.#open.get(id);
      if (held !== undefined) held.leaseUntil = Math.max(held.leaseUntil, this.#now + leaseMs);
    }
  }

  /** What is reserved for an open reservation. */
  reservedFor(id: string): Amounts | undefined {
    return this.#open.get(id)?.reserved;
  }

  /**
   * @param driftMs how far `startedAt` may be off
   * @throws AssertionError if the balances differ, or a strict limit is exceeded
   */
  assertBalances(budget: BudgetDefinition, balances: Balances, driftMs = 0): void {
    const account = this.#account(budget);
    assertSame(balances, account, driftMs);
    if (budget.mode !== 'strict' || account.surprised) return;
    assert.ok(fits({ ...account, ...balances }, ZERO), 'settled and reserved are above the limit');
  }

  #account(budget: BudgetDefinition): ModelAccount {
    const span =
      budget.window === undefined ? undefined : SPAN[budget.window.per === 'hour' ? 'hour' : 'day'];
    const start = span === undefined ? this.#now : Math.floor(this.#now / span) * span;
    const key = JSON.stringify([budget.name, span === undefined ? 'always' : start]);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = {
        budget,
        startedAt: start,
        granted: NO_GRANT,
        settled: ZERO,
        reserved: ZERO,
        open: 0,
        surprised: false,
      };
      this.#accounts.set(key, account);
    }
    return account;
  }

  #end(id: string, held: ModelReservation, used: Amounts): void {
    this.#open.delete(id);
    const more = KEYS.some(([key]) => used[key] > held.reserved[key]);
    for (const account of held.accounts) {
      account.reserved = sum(account.reserved, held.reserved, -1);
      account.settled = sum(account.settled, used);
      account.open -= 1;
      account.surprised ||= more;
    }
  }
}

/** Returns the limits that deny a call which reserves that much; none if it is admitted. */
function denyingLimits(account: ModelAccount, least: Amounts, now: number): LimitName[] {
  const { budget, settled, reserved, startedAt, granted } = account;
  if (budget.mode === 'observe') return [];
  const { minutes } = budget.limits;
  const over = minutes !== undefined && now - startedAt >= minutes * MINUTE + granted.milliseconds;
  const reached = KEYS.filter(([key]) => settled[key] >= most(account, key)).map(([, limit]) => limit);
  if (over || reached.length > 0) return over ? ['minutes'] : reached.slice(0, 1);
  if (budget.mode === 'soft') return [];
  return KEYS.filter(([key]) => settled[key] + reserved[key] + least[key] > most(account, key)).map(
    ([, limit]) => limit,
  );
}

function fits(
  account: Pick<ModelAccount, 'budget' | 'settled' | 'reserved' | 'granted'>,
  more: Amounts,
): boolean {
  const { settled, reserved } = account;
  return KEYS.every(([key]) => settled[key] + reserved[key] + more[key] <= most(account, key));
}

function most(
  { budget: { limits }, granted }: Pick<ModelAccount, 'budget' | 'granted'>,
  key: keyof Amounts,
): number {
  const nano = limits.costUsd === undefined ? Infinity : Math.round(limits.costUsd * 1e9);
  return (key === 'costNanoUsd' ? nano : (limits[key] ?? Infinity)) + granted[key];
}

function hasLimits({ limits }: BudgetDefinition): boolean {
  return KEYS.some(([, limit]) => limits[limit] !== undefined);
}

function worst({ fixed, outputPicoUsd, choices }: ReserveRequest, outputCap: number): Amounts {
  const output = { costNanoUsd: Math.ceil((outputPicoUsd * outputCap) / 1_000), tokens: outputCap * choices };
  return sum(fixed, { ...output, calls: 0 });
}

function hold(account: ModelAccount, amounts: Amounts, calls: number): void {
  account.reserved = sum(account.reserved, amounts);
  account.open += calls;
}

function sum(a: Amounts, b: Amounts, sign = 1): Amounts {
  return {
    costNanoUsd: a.costNanoUsd + sign * b.costNanoUsd,
    tokens: a.tokens + sign * b.tokens,
    calls: a.calls + sign * b.calls,
  };
}

function assertSame(balances: Balances, account: ModelAccount, driftMs = Infinity): void {
  const { settled, reserved, open } = account;
  const found = { settled: balances.settled, reserved: balances.reserved, open: balances.open };
  assert.deepEqual(found, { settled, reserved, open });
  assert.deepEqual(balances.granted ?? NO_GRANT, account.granted);
  const apart = Math.abs(balances.startedAt - account.startedAt);
  assert.ok(apart <= driftMs, `started ${apart} ms apart`);
}
