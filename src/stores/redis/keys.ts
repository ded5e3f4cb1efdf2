import { type BudgetDefinition, definitionText, windowOf } from '../../budget/index.ts';

/** How long the account of a window that is over is kept, milliseconds: a day, to be looked at. */
export const KEPT_MS = 86_400_000;

/** The end of a window that never ends; as large as a double holds exactly. */
const NEVER = String(Number.MAX_SAFE_INTEGER);

/**
 * The names of the keys. All of a prefix share one hash tag, so a script finds them on one node of a cluster, whatever chains
 * its budgets stand in; another prefix is another ledger, and may lie on another node.
 */
export class RedisKeys {
  readonly #tag: string;
  /** The keys that every script has, in the order that it expects. */
  readonly common: readonly string[];

  /** @throws RangeError where the prefix is empty or has braces, which would break the hash tag */
  constructor(prefix: string) {
    if (!/^[^{}]+$/.test(prefix)) {
      throw new RangeError(`a prefix of Redis keys is not empty and has no braces; given: "${prefix}"`);
    }
    this.#tag = `{${prefix}}`;
    this.common = ['open', 'leases', 'epoch', 'charges', 'accounts'].map((name) => `${this.#tag}:${name}`);
  }

  /** The account of a budget in the window that a moment lies in. */
  account(budget: BudgetDefinition, now: number): AccountKey {
    const { window } = budget;
    const definition = definitionText(budget);
    if (window === undefined) {
      return { key: `${this.#tag}:account:always:${budget.name}`, span: ['0', NEVER, '', definition] };
    }
    const { start, end } = windowOf(window, now);
    return {
      key: `${this.#tag}:account:${window.per}:${start}:${budget.name}`,
      span: [String(start), String(end), String(end + KEPT_MS), definition],
    };
  }

  /** Of an account with that key: its budget, and when its window began; 0 where it has none. */
  parse(key: string): { readonly budget: string; readonly start: number } {
    const [kind = '', ...rest] = key.slice(`${this.#tag}:account:`.length).split(':');
    const start = kind === 'always' ? 0 : Number(rest.shift());
    return { budget: rest.join(':'), start };
  }
}

export interface AccountKey {
  readonly key: string;
  /** Start and end of its window and when it is forgotten, milliseconds since the epoch; never: empty; the definition. */
  readonly span: readonly [start: string, end: string, expireAt: string, definition: string];
}

/** The same account for a charge that may come after its window. */
export function inAnyWindow({ key, span: [start, , expireAt, definition] }: AccountKey): AccountKey {
  return { key, span: [start, NEVER, expireAt, definition] };
}
