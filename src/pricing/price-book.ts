import type { TokenUsage } from '../usage/index.ts';
import { BoundedMap, findByLongestPrefix, RecentList, shareClass } from '../util/index.ts';
import { type BookModel, bookModel, bookModels, type PriceQuery } from './genai-prices.ts';
import { HIGHEST_UNIT_PRICES, LIST_PRICES } from './model-data/index.ts';
import {
  FREE_TIERS,
  overrideTiers,
  overrideUnits,
  type PriceOverride,
  type UnknownModelPolicy,
} from './overrides.ts';
import { costOf, type RateTier, ratesFor } from './rates.ts';
import { ratesOfTier, STANDARD_TIER } from './service-tier.ts';
import type { UnitPrice } from './unit-prices.ts';

/**
 * The source of a price: the price book, the user's override, the highest price of the model's family, or
 * none.
 */
export type PriceSource = 'book' | 'override' | 'family' | 'none';

/** The prices of one model. */
export interface RateCard {
  /** The model as the caller named it. */
  readonly model: string;
  readonly source: PriceSource;
  /** The model of the book whose price this is, if its name differs. */
  readonly pricedAs?: string;
  /** At least one; in ascending order of `aboveInput`. */
  readonly tiers: readonly RateTier[];
  /** The most tokens that the input can have; absent if the book does not say. */
  readonly contextWindow?: number;
  /** Prices of units that are not tokens; absent if the model has none. */
  readonly units?: readonly UnitPrice[];
}

/**
 * The model has no known price and the policy for such models is `error`.
 *
 * @example
 * const book = new PriceBook({ unknownModel: 'error' });
 * try {
 *   book.lookup({ model: 'my-deployment' });
 * } catch (error) {
 *   if (error instanceof PriceUnknownError) console.error(`no price for ${error.model}`);
 * }
 */
export class PriceUnknownError extends Error {
  readonly code = 'token_budget_price_unknown';
  readonly status = 402;
  readonly model: string;

  constructor(model: string) {
    super(
      `No price is known for the model "${model}", so the call was not sent. Give its price under "prices" in ` +
        'the file that TOKEN_BUDGET_CONFIG names, or set "unknownModel" there to "family" or "zero".',
    );
    this.name = 'PriceUnknownError';
    this.model = model;
  }
}

shareClass(PriceUnknownError, 'PriceUnknownError');

/** How long a price is cached before the book is asked again: some of its prices begin or end at a date. */
const CACHE_MS = 3_600_000;

/** How many models are cached at least; at most twice as many, so that made-up model names cannot grow it. */
const CACHED_MODELS = 500;

/** How many sellers of one model are cached at least; at most twice as many. */
const CACHED_SELLERS = 16;

/** A cached look-up. */
interface CachedPrice extends Pick<PriceQuery, 'baseUrl' | 'provider'> {
  /** The model's own price; undefined if it has none. */
  readonly known: RateCard | undefined;
  /** The card that it is charged by, once it was asked for. */
  card: RateCard | undefined;
  readonly expiresAt: number;
}

/**
 * Looks up the prices of models: the user's overrides first, then the book of @pydantic/genai-prices, then
 * the policy for models that neither knows. Look-ups are cached; the book is loaded on the first one.
 *
 * @example
 * const book = new PriceBook({ prices: { 'my-deployment': { input: 1.2, output: 9.5 } } });
 * book.lookup({ model: 'my-deployment' }).source; // 'override'
 * book.lookup({ model: 'gpt-5.2' }).tiers[0]?.rates.output; // 14_000_000 pico-USD: $14 for a million tokens
 */
export class PriceBook {
  readonly #overrides: ReadonlyMap<string, Pick<RateCard, 'tiers' | 'units'>>;
  readonly #unknown: UnknownModelPolicy;
  readonly #cache = new BoundedMap<string, RecentList<CachedPrice>>(CACHED_MODELS);

  constructor(
    options: { prices?: Readonly<Record<string, PriceOverride>>; unknownModel?: UnknownModelPolicy } = {},
  ) {
    this.#overrides = new Map(
      Object.entries(options.prices ?? {}).map(([model, price]) => [model, overrideCard(price)]),
    );
    this.#unknown = options.unknownModel ?? 'family';
  }

  /**
   * Returns the prices of a model.
   * @throws PriceUnknownError if no price is known and the policy is `error`
   */
  lookup(query: PriceQuery): RateCard {
    const cached = this.#cached(query);
    cached.card ??= this.#applyPolicy(query.model);
    return cached.card;
  }

  /**
   * Returns the prices of a call that was made already: with the policy `error`, which cannot refuse it, those of
   * its family.
   */
  lookupSpent(query: PriceQuery): RateCard {
    return this.#unknown === 'error'
      ? (this.findKnown(query) ?? familyCard(query.model))
      : this.lookup(query);
  }

  /** Returns the prices of a model by override or in the book; undefined if neither has any. */
  findKnown(query: PriceQuery): RateCard | undefined {
    return this.#cached(query).known;
  }

  #cached(query: PriceQuery): CachedPrice {
    const { model, baseUrl, provider } = query;
    const now = Date.now();
    let sellers = this.#cache.get(model);
    const cached = sellers?.findLast((one) => one.baseUrl === baseUrl && one.provider === provider);
    if (cached !== undefined && cached.expiresAt > now) return cached;
    const known = this.#find(query);
    const found: CachedPrice = { baseUrl, provider, known, card: known, expiresAt: now + CACHE_MS };
    sellers ??= new RecentList(CACHED_SELLERS);
    sellers.push(found);
    this.#cache.set(model, sellers);
    return found;
  }

  #find(query: PriceQuery): RateCard | undefined {
    const { model } = query;
    const override = this.#overrides.get(model);
    if (override !== undefined) return { model, source: 'override', ...override };
    const found = bookModel(query);
    if (found !== undefined) return { model, source: 'book', ...cardOf(found) };
    const units = findByLongestPrefix(LIST_PRICES, model);
    return units && { model, source: 'book', tiers: FREE_TIERS, units };
  }

  #applyPolicy(model: string): RateCard {
    if (this.#unknown === 'error') throw new PriceUnknownError(model);
    if (this.#unknown === 'zero') return { model, source: 'none', tiers: FREE_TIERS };
    if (typeof this.#unknown === 'object') return { model, source: 'none', ...overrideCard(this.#unknown) };
    return familyCard(model);
  }
}

function familyCard(model: string): RateCard {
  const { pricedAs, tiers } = cardOf(mostExpensiveOfFamily(model));
  return { model, source: 'family', pricedAs, tiers, units: HIGHEST_UNIT_PRICES };
}

/** Options of {@link priceUsage}. */
export interface PriceUsageOptions {
  /** The service tier that served the call, such as `batch` or `priority`; default: the standard tier. */
  readonly serviceTier?: string | undefined;
  /** How many requests the usage is the sum of; a long input raises the price of its own request only. */
  readonly requests?: number;
}

/**
 * The cost of a usage by a rate card, in nano-USD: at the rates for its input length and service tier, its
 * units at their own prices, rounded up once.
 *
 * @example
 * const card = new PriceBook().lookup({ model: 'gpt-5.2' });
 * priceUsage(card, tokenUsage({ input: 1_000, output: 500 })); // 8_750_000 nano-USD: $0.00875
 */
export function priceUsage(
  card: RateCard,
  usage: TokenUsage,
  { serviceTier, requests = 1 }: PriceUsageOptions = {},
): number {
  const inputTokens = requests === 1 ? usage.input : Math.ceil(usage.input / requests);
  const standard = ratesFor(card.tiers, inputTokens);
  const rates =
    serviceTier === undefined || serviceTier === STANDARD_TIER
      ? standard
      : ratesOfTier(standard, serviceTier, card.pricedAs ?? card.model);
  return costOf(usage, rates, card.units);
}

function overrideCard(price: PriceOverride): Pick<RateCard, 'tiers' | 'units'> {
  const units = overrideUnits(price);
  return { tiers: overrideTiers(price), ...(units.length === 0 ? {} : { units }) };
}

function cardOf({ id, tiers, contextWindow, units }: BookModel) {
  return {
    pricedAs: id,
    tiers,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(units === undefined ? {} : { units }),
  };
}

/**
 * Returns the most expensive of the known models that share the longest beginning of the name, part by part
 * (`gpt-5.9-turbo`: all of `gpt-5…`). A name that shares nothing is priced as the most expensive model of
 * all: a guess must not be too low.
 */
function mostExpensiveOfFamily(model: string): BookModel {
  const parts = nameParts(model);
  let best: BookModel | undefined;
  let bestShared = -1;
  for (const candidate of bookModels()) {
    const shared = sharedParts(parts, nameParts(candidate.id));
    if (
      best === undefined ||
      shared > bestShared ||
      (shared === bestShared && comparablePrice(candidate) > comparablePrice(best))
    ) {
      best = candidate;
      bestShared = shared;
    }
  }
  if (best === undefined) throw new RangeError('the price book is empty');
  return best;
}

/** Mostly the price of output; a model without output (embeddings) is compared by its input. */
function comparablePrice(model: BookModel): number {
  return Math.max(...model.tiers.map(({ rates }) => rates.output + rates.input));
}

function nameParts(model: string): string[] {
  return model.toLowerCase().split(/[-.:/_]|(?<=[a-z])(?=\d)/);
}

function sharedParts(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared += 1;
  return shared;
}
