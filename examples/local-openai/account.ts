/** What the server itself counted for one call. */
export interface AccountEntry {
  readonly path: string;
  readonly model: string;
  readonly input: number;
  readonly cached: number;
  /** Grows while a stream is sent. */
  output: number;
}

/** List prices in nano-USD a token. */
const PRICES: Readonly<Record<string, { input: number; cached: number; output: number }>> = {
  'gpt-5.2': { input: 1750, cached: 175, output: 14_000 },
  'gpt-5-mini': { input: 250, cached: 25, output: 2000 },
  'gpt-4.1': { input: 2000, cached: 500, output: 8000 },
  'gpt-4o-mini': { input: 150, cached: 75, output: 600 },
};

/** The bill of the account in nano-USD, or undefined where a model has no price here. */
export function billOf(account: readonly AccountEntry[]): number | undefined {
  let sum = 0;
  for (const { model, input, cached, output } of account) {
    const price = PRICES[model];
    if (price === undefined) return undefined;
    sum += (input - cached) * price.input + cached * price.cached + output * price.output;
  }
  return sum;
}
