import type { RateCard } from '../../../../pricing/index.ts';
import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage, type UsageReading } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/**
 * Output tokens of a picture of gpt-image-1, -1-mini and -1.5 by quality: square, portrait, landscape. Source:
 * https://developers.openai.com/api/docs/guides/image-generation#calculating-costs
 */
const TOKENS: Readonly<Record<string, readonly [square: number, portrait: number, landscape: number]>> = {
  low: [272, 408, 400],
  medium: [1_056, 1_584, 1_568],
  high: [4_160, 6_240, 6_208],
};

/** The most output tokens of a picture by that table. */
export const MAX_IMAGE_TOKENS = 6_240;

/** The models that the table is of; others take any size, and qualities above `high`. */
const TABLED = /^(gpt-image-1|chatgpt-image)/;

/** What a picture of another model is bounded by, tokens: more than twice what 3584x2048 costs in `high`. */
const MOST_UNTABLED = 32_768;

/** What each partial picture of a stream costs more, tokens (same guide). */
const PARTIAL_TOKENS = 100;

/** What a picture that is given costs at most, tokens: that of `high` input fidelity, and tiles. */
const GIVEN_TOKENS = 8_192;

/** The most pictures of a call. */
const MOST = 10;

/** Images: generations, edits, variations. Billed by tokens (gpt-image) or by the picture. */
export const IMAGES: EndpointPricing = {
  worstCase(plan, card) {
    return tokensOrUnitsWorstCase(tokensOf(plan, mostTokens(plan)), picturesOf(asked(plan)), card);
  },
  readUsage(answer, plan, card) {
    const told = readUsage(answer['usage']);
    const pictures = picturesOf(Array.isArray(answer['data']) ? answer['data'].length : asked(plan));
    if (told.inputKnown && told.outputKnown) return tokenReading(told, card, pictures);
    return isBilledBy(card, 'picture') && told.problems.length === 0 ? unitUsage(pictures) : told;
  },
  estimateUsage(plan, card) {
    return isBilledBy(card, 'picture')
      ? tokenUsage({ units: [picturesOf(asked(plan))] })
      : tokensOf(plan, likelyTokens(plan));
  },
};

/** Where an answer does not say of what kind its output is, it is picture. A price of yours for pictures is added. */
function tokenReading(
  told: UsageReading,
  card: RateCard,
  pictures: ReturnType<typeof picturesOf>,
): UsageReading {
  const { usage } = told;
  const units = card.source !== 'family' && isBilledBy(card, 'picture') ? [pictures] : [];
  const imageOutput = usage.imageOutput > 0 ? usage.imageOutput : usage.output;
  return { ...told, usage: tokenUsage({ ...usage, imageOutput, units }) };
}

function asked({ body }: CallPlan): number {
  return integerBetween(body['n'], 1, MOST) ?? 1;
}

function picturesOf(quantity: number) {
  return { unit: 'picture', quantity } as const;
}

function tokensOf(plan: CallPlan, each: number): TokenUsage {
  const { body, model } = plan;
  const { upper } = countInput('completions', { model, prompt: body['prompt'] });
  const imageInput = givenPictures(body) * GIVEN_TOKENS;
  const partials = integerBetween(body['partial_images'], 0, MOST) ?? 0;
  const output = asked(plan) * (each + partials * PARTIAL_TOKENS);
  return tokenUsage({ input: upper + imageInput, imageInput, output, imageOutput: output });
}

function mostTokens({ body, model }: CallPlan): number {
  return TABLED.test(model) ? listedImageTokens(body) : MOST_UNTABLED;
}

function likelyTokens({ body }: CallPlan): number {
  return listedImageTokens(body);
}

/** The tokens of the table; of a quality or a size that is left to the service, the most. */
export function listedImageTokens(fields: Readonly<Record<string, unknown>>): number {
  const row = TOKENS[textOf(fields['quality'])] ?? TOKENS['high'] ?? [];
  const column = ['1024x1024', '1024x1536', '1536x1024'].indexOf(textOf(fields['size']));
  return row[column] ?? Math.max(...row);
}

/** Pictures in the request: files of a form, or a list of references. */
function givenPictures(body: Readonly<Record<string, unknown>>): number {
  return ['image', 'images', 'mask'].reduce((sum, field) => {
    const value = body[field];
    if (Array.isArray(value)) return sum + value.length;
    return value === undefined || value === null ? sum : sum + 1;
  }, 0);
}
