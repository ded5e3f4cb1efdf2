import { type BudgetDefinition, serializeDefinition, windowOf } from '../../budget/index.ts';
import { formatValue } from '../../util/index.ts';

/** How long the account of a window that is over is kept for operators, milliseconds: a day. */
export const WINDOW_KEPT_MS = 86_400_000;

/** The end of a window that never ends: the largest integer that a double holds exactly. */
const NEVER = String(Number.MAX_SAFE_INTEGER);

/**
 * The names of the keys. All keys of a prefix share one hash tag, so a script finds them on one node of a
 * cluster, whatever chains its budgets are in. Another prefix is another ledger, and may be on another node.
 */
export class RedisKeys {
  readonly #tag: string;
  /** The keys that every script gets, in the order that it expects. */
  readonly common: readonly string[];

  /** @throws RangeError if the prefix is empty or has braces, which would break the hash tag */
  constructor(prefix: string) {
    if (!/^[^{}]+$/.test(prefix)) {
      throw new RangeError(
        `prefix: got ${formatValue(prefix)}, expected a text that is not empty and has no braces`,
      );
    }
    this.#tag = `{${prefix}}`;
    this.common = ['open', 'leases', 'epoch', 'accounts'].map((name) => `${this.#tag}:${name}`);
  }

  /** A key that is tried out, and has no data. */
  get probe(): string {
    return `${this.#tag}:probe`;
  }

  /** Returns the key of a budget's account in the window of a moment. */
  account(budget: BudgetDefinition, now: number): AccountKey {
    const { window } = budget;
    const definition = serializeDefinition(budget);
    if (window === undefined) {
      return { key: `${this.#tag}:account:always:${budget.name}`, span: ['0', NEVER, '', definition] };
    }
    const { start, end } = windowOf(window, now);
    return {
      key: `${this.#tag}:account:${window.per}:${start}:${budget.name}`,
      span: [String(start), String(end), String(end + WINDOW_KEPT_MS), definition],
    };
  }

  /** Parses the key of an account: its budget, and when its window started, 0 if it has none. */
  parse(key: string): { readonly budget: string; readonly start: number } {
    const [kind = '', ...rest] = key.slice(`${this.#tag}:account:`.length).split(':');
    const start = kind === 'always' ? 0 : Number(rest.shift());
    return { budget: rest.join(':'), start };
  }
}

/** The key of an account, and what a script needs to create it. */
export interface AccountKey {
  readonly key: string;
  /**
   * Start and end of its window and when it expires, milliseconds since the epoch (empty: never), and the
   * definition of the budget.
   */
  readonly span: readonly [start: string, end: string, expireAt: string, definition: string];
}

/** Returns the same account for a charge that may come after the end of its window. */
export function inAnyWindow({ key, span: [start, , expireAt, definition] }: AccountKey): AccountKey {
  return { key, span: [start, NEVER, expireAt, definition] };
}
