import type { BilledUnits, UnitKind } from '../usage/index.ts';

/** What one unit costs, pico-USD; of one variant, or of any where none is named. */
export interface UnitPrice {
  readonly unit: UnitKind;
  readonly variant?: string;
  readonly picoUsd: number;
}

const PICO_PER_USD = 1_000_000_000_000;
const MS_PER_HOUR = 3_600_000;

/** A price in USD for so many units, as pico-USD of one: $15 for a million characters is 15,000,000. */
export function unitPrice(unit: UnitKind, usd: number, per = 1, variant?: string): UnitPrice {
  const picoUsd = Math.round((usd * PICO_PER_USD) / per);
  return { unit, picoUsd, ...(variant === undefined ? {} : { variant }) };
}

/** USD for an hour of audio. */
export function audioPrice(usdPerHour: number): UnitPrice {
  return unitPrice('audio_ms', usdPerHour, MS_PER_HOUR);
}

/**
 * List prices of models that are not billed by the token and that @pydantic/genai-prices 0.1.8 does not have, by the
 * beginning of their names; the longest match counts.
 *
 * Source: the model pages of https://developers.openai.com/api/docs/models (November 2026).
 */
const LIST: readonly (readonly [prefix: string, prices: readonly UnitPrice[]])[] = [
  ['tts-1', [unitPrice('character', 15, 1_000_000)]],
  ['tts-1-hd', [unitPrice('character', 30, 1_000_000)]],
];

/**
 * What an unknown model is charged by: the highest price of each unit. For a picture and for a second of video these are
 * what dall-e-3 and sora-2-pro cost, the last models that were billed so; OpenAI shut them down in 2026
 * (https://developers.openai.com/api/docs/deprecations).
 */
export const HIGHEST_UNIT_PRICES: readonly UnitPrice[] = [
  unitPrice('character', 30, 1_000_000),
  unitPrice('picture', 0.12),
  unitPrice('video_ms', 0.7, 1_000),
];

/**
 * Fees of hosted tools, whatever the model: those of @pydantic/genai-prices 0.1.8 (`web_searches_kcount`,
 * `storage_searches_kcount`), and, where it has none, as follows. `preview` is the older search of models that do not reason, which read what
 * it finds for nothing: its price is that of a post of OpenAI's staff in its forum. The prices of containers are those of users' reports. A container is billed by the minute since
 * June 2026, five at least (https://developers.openai.com/api/docs/changelog); a session of twenty is taken.
 */
const TOOL_FEES: readonly UnitPrice[] = [
  unitPrice('web_search', 10, 1_000),
  unitPrice('web_search', 25, 1_000, 'preview'),
  unitPrice('file_search', 2.5, 1_000),
  unitPrice('container', 0.03, 1, '1g'),
  unitPrice('container', 0.12, 1, '4g'),
  unitPrice('container', 0.48, 1, '16g'),
  unitPrice('container', 1.92, 1, '64g'),
];

/** The list prices of a model that is billed by units; undefined where there are none. */
export function listUnitPrices(model: string): readonly UnitPrice[] | undefined {
  let best: (typeof LIST)[number] | undefined;
  for (const entry of LIST) {
    if (model.startsWith(entry[0]) && entry[0].length > (best?.[0].length ?? 0)) best = entry;
  }
  return best?.[1];
}

/**
 * Units, each with its price in pico-USD: of its variant, of any variant, or the dearest of its kind where its own
 * is not known. Fees of tools are the same for all models; a unit without any price costs nothing.
 */
export function pricedUnits(
  units: readonly BilledUnits[],
  prices: readonly UnitPrice[],
): (readonly [quantity: number, picoUsd: number])[] {
  return units.filter(({ quantity }) => quantity > 0).map((one) => [one.quantity, priceOf(one, prices)]);
}

function priceOf({ unit, variant }: BilledUnits, prices: readonly UnitPrice[]): number {
  const own = prices.filter((price) => price.unit === unit);
  const known = own.length > 0 ? own : TOOL_FEES.filter((price) => price.unit === unit);
  const exact = known.find((price) => price.variant === variant) ?? known.find((price) => !price.variant);
  return exact?.picoUsd ?? Math.max(0, ...known.map(({ picoUsd }) => picoUsd));
}
