import { createRequire } from 'node:module';
import type * as GenaiPrices from '@pydantic/genai-prices';
import { picoPerToken, type Rates, type RateTier } from './rates.ts';
import { audioPrice, type UnitPrice } from './unit-prices.ts';

/** A model of the price book. */
export interface BookModel {
  readonly id: string;
  /** At least one; in ascending order of `aboveInput`. */
  readonly tiers: readonly RateTier[];
  /** The tokens that input and output share; absent if the book does not say. */
  readonly contextWindow?: number;
  /** Prices of units that are not tokens; absent if there are none. */
  readonly units?: readonly UnitPrice[];
}

let loaded: typeof GenaiPrices | undefined;

/** Loads the book, half a megabyte of code, on the first look-up instead of at start. */
function loadBook(): typeof GenaiPrices {
  loaded ??= createRequire(import.meta.url)('@pydantic/genai-prices') as typeof GenaiPrices;
  return loaded;
}

/**
 * Finds a model in the book: of the provider that the base URL belongs to, else of the one that is named,
 * else of OpenAI, else of any provider that knows the model's name. Returns undefined if none does.
 */
export function bookModel(query: PriceQuery): BookModel | undefined {
  const { calcPrice, findProvider } = loadBook();
  const byUrl = query.baseUrl === undefined ? undefined : findProvider({ providerApiUrl: query.baseUrl });
  const byName = query.provider === undefined ? undefined : findProvider({ providerId: query.provider });
  const model = query.model.replace(/^gpt-35-/, 'gpt-3.5-');
  for (const providerId of new Set([byUrl?.id, byName?.id, 'openai', undefined])) {
    const found = calcPrice({}, model, providerId === undefined ? {} : { providerId });
    if (found) return toBookModel(found.model, found.model_price);
  }
  return undefined;
}

/** Returns every OpenAI model of the book that is priced by the token, at today's price. */
export function bookModels(): BookModel[] {
  const { calcPrice, findProvider } = loadBook();
  const models: BookModel[] = [];
  for (const model of findProvider({ providerId: 'openai' })?.models ?? []) {
    const found = calcPrice({}, model.id, { providerId: 'openai' });
    // The entries of fine-tuned models match longer names than their own.
    const price =
      found?.model.id === model.id
        ? found.model_price
        : Array.isArray(model.prices)
          ? undefined
          : model.prices;
    if (price?.['input_mtok'] !== undefined) models.push(toBookModel(model, price));
  }
  return models;
}

function toBookModel(model: GenaiPrices.ModelInfo, price: GenaiPrices.ModelPrice): BookModel {
  const starts = new Set([0]);
  for (const value of Object.values(price)) {
    if (typeof value === 'object') for (const tier of value.tiers) starts.add(tier.start);
  }
  const tiers = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInput: start, rates: ratesAt(price, start) }));
  return {
    id: model.id,
    tiers,
    ...(model.context_window === undefined ? {} : { contextWindow: model.context_window }),
    ...(typeof price['audio_hours'] === 'number' ? { units: [audioPrice(price['audio_hours'])] } : {}),
  };
}

/**
 * Returns the prices for an input just above `start` tokens; a kind without a price costs as much as its
 * whole.
 */
function ratesAt(price: GenaiPrices.ModelPrice, start: number): Rates {
  const at = (key: string): number | undefined => {
    const value = price[key];
    if (value === undefined || typeof value === 'number') return value;
    let usd = value.base;
    for (const tier of value.tiers) if (start >= tier.start) usd = tier.price;
    return usd;
  };
  const input = picoPerToken(at('input_mtok') ?? 0);
  const output = picoPerToken(at('output_mtok') ?? 0);
  const or = (key: string, whole: number): number => {
    const usd = at(key);
    return usd === undefined ? whole : picoPerToken(usd);
  };
  const audioInput = or('input_audio_mtok', input);
  const imageInput = or('input_image_mtok', input);
  return {
    input,
    cachedInput: or('cache_read_mtok', input),
    cacheWrite: or('cache_write_mtok', input),
    audioInput,
    imageInput,
    cachedAudioInput: or('cache_audio_read_mtok', audioInput),
    cachedImageInput: or('cache_image_read_mtok', imageInput),
    output,
    audioOutput: or('output_audio_mtok', output),
    imageOutput: or('output_image_mtok', output),
  };
}

/** A model, and the provider whose price for it is wanted. */
export interface PriceQuery {
  readonly model: string;
  /** The base URL of the API, which identifies Azure and other providers; default: OpenAI. */
  readonly baseUrl?: string | undefined;
  /** The name of the provider, such as `anthropic` or `aws.bedrock`, if the base URL does not identify it. */
  readonly provider?: string | undefined;
}
