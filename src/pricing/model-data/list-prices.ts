import type { PrefixEntry } from '../../util/index.ts';
import { type UnitPrice, unitPrice } from '../unit-prices.ts';

/**
 * List prices of models that are not billed by the token and that @pydantic/genai-prices 0.1.8 does not have,
 * by the prefix of their names; the longest match counts. Source: the model pages of
 * https://developers.openai.com/api/docs/models (November 2026).
 */
export const LIST_PRICES: readonly PrefixEntry<readonly UnitPrice[]>[] = [
  ['tts-1', [unitPrice('character', 15, 1_000_000)]],
  ['tts-1-hd', [unitPrice('character', 30, 1_000_000)]],
];

/**
 * The prices of units for a model that is not known: the highest of each unit. For a picture and for a second
 * of video these are what dall-e-3 and sora-2-pro cost, the last models that were billed so; OpenAI shut them
 * down in 2026 (https://developers.openai.com/api/docs/deprecations).
 */
export const HIGHEST_UNIT_PRICES: readonly UnitPrice[] = [
  unitPrice('character', 30, 1_000_000),
  unitPrice('picture', 0.12),
  unitPrice('video_ms', 0.7, 1_000),
];
