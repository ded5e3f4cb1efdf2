import { nanoToUsd, type PriceSource } from '../../pricing/index.ts';
import { type TokenUsage, type UnitKind, type UsageKind, unitsOf } from '../../usage/index.ts';
import type { Attributes } from '../api/index.ts';
import * as semconv from './semconv.ts';

/** Kinds of tokens that are set only if the call used some, with their attributes. */
const OPTIONAL_KINDS: readonly (readonly [UsageKind, string])[] = [
  ['cachedInput', semconv.ATTR_USAGE_CACHE_READ],
  ['cacheWrite', semconv.ATTR_USAGE_CACHE_WRITE],
  ['reasoning', semconv.ATTR_USAGE_REASONING],
  ['audioInput', semconv.ATTR_USAGE_AUDIO_INPUT],
  ['audioOutput', semconv.ATTR_USAGE_AUDIO_OUTPUT],
  ['imageInput', semconv.ATTR_USAGE_IMAGE_INPUT],
  ['imageOutput', semconv.ATTR_USAGE_IMAGE_OUTPUT],
  ['cachedAudioInput', semconv.ATTR_USAGE_AUDIO_CACHE_READ],
  ['cachedImageInput', semconv.ATTR_USAGE_IMAGE_CACHE_READ],
  ['acceptedPrediction', semconv.ATTR_USAGE_ACCEPTED_PREDICTION],
  ['rejectedPrediction', semconv.ATTR_USAGE_REJECTED_PREDICTION],
];

/** Totals with the kinds of tokens in them that are no text; the rest is text, where the response reports any. */
const TEXTS: readonly (readonly [attribute: string, total: UsageKind, audio: UsageKind, image: UsageKind])[] =
  [
    [semconv.ATTR_USAGE_TEXT_INPUT, 'input', 'audioInput', 'imageInput'],
    [semconv.ATTR_USAGE_TEXT_CACHE_READ, 'cachedInput', 'cachedAudioInput', 'cachedImageInput'],
    [semconv.ATTR_USAGE_TEXT_OUTPUT, 'output', 'audioOutput', 'imageOutput'],
  ];

/** Units other than tokens, with their attribute and how many of a unit make 1 of the attribute. */
const UNITS: readonly (readonly [unit: UnitKind, attribute: string, divisor: number])[] = [
  ['picture', semconv.ATTR_USAGE_PICTURES, 1],
  ['character', semconv.ATTR_USAGE_CHARACTERS, 1],
  ['audio_ms', semconv.ATTR_USAGE_AUDIO_SECONDS, 1_000],
  ['video_ms', semconv.ATTR_USAGE_VIDEO_SECONDS, 1_000],
  ['web_search', semconv.ATTR_USAGE_WEB_SEARCHES, 1],
  ['file_search', semconv.ATTR_USAGE_FILE_SEARCHES, 1],
  ['container', semconv.ATTR_USAGE_CONTAINERS, 1],
];

/** Source of a call's usage: its response, a count by this package, or the whole reservation. */
export type UsageSource = 'response' | 'local' | 'reservation';

/**
 * Returns the attributes of a call's usage and cost.
 *
 * @param hasOutput whether the operation generates output; false for embeddings
 */
export function usageAttributes(
  usage: TokenUsage,
  hasOutput: boolean,
  source: UsageSource,
  cost: { costNanoUsd: number; source?: PriceSource },
): Attributes {
  const attributes: Attributes = {
    [semconv.ATTR_USAGE_INPUT_TOKENS]: usage.input,
    [semconv.ATTR_USAGE_COST_AMOUNT]: nanoToUsd(cost.costNanoUsd),
    [semconv.ATTR_USAGE_COST_CURRENCY]: 'USD',
    [semconv.ATTR_USAGE_COST_SOURCE]: 'local',
    [semconv.ATTR_BUDGET_COST_NANO_USD]: cost.costNanoUsd,
    [semconv.ATTR_BUDGET_USAGE_SOURCE]: source,
  };
  if (cost.source !== undefined) attributes[semconv.ATTR_BUDGET_PRICE_SOURCE] = cost.source;
  if (hasOutput) attributes[semconv.ATTR_USAGE_OUTPUT_TOKENS] = usage.output;
  for (const [kind, attribute] of OPTIONAL_KINDS) {
    if (usage[kind] > 0) attributes[attribute] = usage[kind];
  }
  for (const [attribute, total, audio, image] of TEXTS) {
    const others = usage[audio] + usage[image];
    if (others > 0) attributes[attribute] = Math.max(0, usage[total] - others);
  }
  if (usage.units === undefined) return attributes;
  for (const [unit, attribute, divisor] of UNITS) {
    const quantity = unitsOf(usage.units, unit);
    if (quantity > 0) attributes[attribute] = quantity / divisor;
  }
  return attributes;
}
