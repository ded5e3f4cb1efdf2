import type { RateCard } from '../../../../pricing/index.ts';
import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage, type UsageReading } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { integerBetween, isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/**
 * Output tokens of an image of gpt-image-1, -1-mini and -1.5, by quality and format. Source:
 * https://developers.openai.com/api/docs/guides/image-generation#calculating-costs
 */
const LISTED_TOKENS: ReadonlyMap<string, readonly [square: number, portrait: number, landscape: number]> =
  new Map([
    ['low', [272, 408, 400]],
    ['medium', [1_056, 1_584, 1_568]],
    ['high', [4_160, 6_240, 6_208]],
  ]);

/** The most output tokens of an image in that table. */
export const MAX_IMAGE_TOKENS = 6_240;

/** The models that the table covers; others accept any size, and qualities above `high`. */
const LISTED_MODELS = /^(gpt-image-1|chatgpt-image)/;

/** The bound of an image of another model, tokens: more than twice the tokens of 3584x2048 in `high`. */
const MAX_UNLISTED_TOKENS = 32_768;

/** The tokens that each partial image of a stream adds (same guide). */
const PARTIAL_IMAGE_TOKENS = 100;

/** The most tokens of an input image: those of `high` input fidelity, and tiles. */
const MAX_INPUT_IMAGE_TOKENS = 8_192;

/** The most images of a call. */
const MAX_IMAGES = 10;

/** Images: generations, edits, variations. Billed by tokens (gpt-image) or by the image. */
export const IMAGES: EndpointPricing = {
  worstCase(plan, card) {
    return tokensOrUnitsWorstCase(tokensOf(plan, maxTokens(plan)), imageUnits(requestedImages(plan)), card);
  },
  readUsage(response, plan, card) {
    const reported = readUsage(response['usage']);
    const images = imageUnits(
      Array.isArray(response['data']) ? response['data'].length : requestedImages(plan),
    );
    if (reported.inputKnown && reported.outputKnown) return tokenReading(reported, card, images);
    return isBilledBy(card, 'picture') && reported.problems.length === 0 ? unitUsage(images) : reported;
  },
  estimateUsage(plan, card) {
    return isBilledBy(card, 'picture')
      ? tokenUsage({ units: [imageUnits(requestedImages(plan))] })
      : tokensOf(plan, listedImageTokens(plan.body));
  },
};

/** Output of an unreported kind is images. The caller's own price per image is charged in addition. */
function tokenReading(
  reported: UsageReading,
  card: RateCard,
  images: ReturnType<typeof imageUnits>,
): UsageReading {
  const { usage } = reported;
  const units = card.source !== 'family' && isBilledBy(card, 'picture') ? [images] : [];
  const imageOutput = usage.imageOutput > 0 ? usage.imageOutput : usage.output;
  return { ...reported, usage: tokenUsage({ ...usage, imageOutput, units }) };
}

function requestedImages({ body }: CallPlan): number {
  return integerBetween(body['n'], 1, MAX_IMAGES) ?? 1;
}

function imageUnits(quantity: number) {
  return { unit: 'picture', quantity } as const;
}

function tokensOf(plan: CallPlan, tokensPerImage: number): TokenUsage {
  const { body, model } = plan;
  const { upper } = countInput('completions', { model, prompt: body['prompt'] });
  const imageInput = inputImages(body) * MAX_INPUT_IMAGE_TOKENS;
  const partials = integerBetween(body['partial_images'], 0, MAX_IMAGES) ?? 0;
  const output = requestedImages(plan) * (tokensPerImage + partials * PARTIAL_IMAGE_TOKENS);
  return tokenUsage({ input: upper + imageInput, imageInput, output, imageOutput: output });
}

function maxTokens({ body, model }: CallPlan): number {
  return LISTED_MODELS.test(model) ? listedImageTokens(body) : MAX_UNLISTED_TOKENS;
}

/** The output tokens of an image by the table; the most of a quality or size that is left to the service. */
export function listedImageTokens(fields: Readonly<Record<string, unknown>>): number {
  const row = LISTED_TOKENS.get(textOf(fields['quality'])) ?? LISTED_TOKENS.get('high') ?? [];
  const column = ['1024x1024', '1024x1536', '1536x1024'].indexOf(textOf(fields['size']));
  return row[column] ?? Math.max(...row);
}

/** The number of images in the request: files of a form, or a list of references. */
function inputImages(body: Readonly<Record<string, unknown>>): number {
  return ['image', 'images', 'mask'].reduce((sum, field) => {
    const value = body[field];
    if (Array.isArray(value)) return sum + value.length;
    return value === undefined || value === null ? sum : sum + 1;
  }, 0);
}
