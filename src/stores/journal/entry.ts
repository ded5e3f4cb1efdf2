import { type Amounts, type BudgetDefinition, defineBudget, LIMIT_OF, NOTHING } from '../../budget/index.ts';
import { isRecord, parseJson } from '../../util/index.ts';

/** A line of a journal: something that happened while the store was unavailable. */
export type JournalEntry =
  /** A call was admitted, or an admitted one grew: it may cost that much. */
  | {
      readonly kind: 'admit';
      readonly id: string;
      readonly chain: readonly BudgetDefinition[];
      readonly worst: Amounts;
      /** When, milliseconds since the epoch. */
      readonly at: number;
    }
  /** An admitted call continues under another id. */
  | { readonly kind: 'rename'; readonly id: string; readonly to: string }
  /** An admitted call ended. */
  | { readonly kind: 'settle'; readonly id: string; readonly used: Amounts }
  /** A call ended whose reservation the store holds. */
  | { readonly kind: 'settle-held'; readonly id: string; readonly used: Amounts }
  /** A charge without a reservation; the store may have made it under that name. */
  | {
      readonly kind: 'charge';
      readonly source: string;
      readonly chain: readonly BudgetDefinition[];
      readonly used: Amounts;
      readonly at: number;
    };

/** Returns an entry as a line, with its end. */
export function formatEntry(entry: JournalEntry): string {
  // A parent is the next of the chain.
  return `${JSON.stringify(entry, (key, value) => (key === 'parent' ? undefined : value))}\n`;
}

/** Parses a line; returns undefined for any other text. */
export function parseEntry(line: string): JournalEntry | undefined {
  const value = parseJson(line);
  if (!isRecord(value)) return undefined;
  const { kind, id, to, source, at } = value;
  const chain = parseChain(value['chain']);
  const worst = parseAmounts(value['worst']);
  const used = parseAmounts(value['used']);
  switch (kind) {
    case 'admit':
      if (typeof id !== 'string' || typeof at !== 'number' || !chain || !worst) return undefined;
      return { kind, id, chain, worst, at };
    case 'rename':
      return typeof id === 'string' && typeof to === 'string' ? { kind, id, to } : undefined;
    case 'settle':
    case 'settle-held':
      return typeof id === 'string' && used ? { kind, id, used } : undefined;
    case 'charge':
      if (typeof source !== 'string' || typeof at !== 'number' || !chain || !used) return undefined;
      return { kind, source, chain, used, at };
    default:
      return undefined;
  }
}

function parseAmounts(value: unknown): Amounts | undefined {
  if (!isRecord(value)) return undefined;
  const isAmount = (amount: unknown): boolean => Number.isSafeInteger(amount) && Number(amount) >= 0;
  if (!LIMIT_OF.every(([amount]) => isAmount(value[amount]))) return undefined;
  const amounts = value as unknown as Amounts;
  // Nothing is recognized by its identity.
  return LIMIT_OF.every(([amount]) => amounts[amount] === 0) ? NOTHING : amounts;
}

function parseChain(value: unknown): readonly BudgetDefinition[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  try {
    const chain: BudgetDefinition[] = [];
    for (const given of value.toReversed() as BudgetDefinition[]) {
      const [parent] = chain;
      chain.unshift(defineBudget(parent === undefined ? given : { ...given, parent }));
    }
    return chain;
  } catch {
    return undefined;
  }
}
