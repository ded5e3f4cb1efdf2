import type { TokenPlan } from '../../providers/index.ts';
import { boundInput, countInput, countOutput, isKnownModel } from '../../tokens/index.ts';
import type { UsageReading } from '../../usage/index.ts';

/*
 * A reported count that is far below what the texts have is not believed. The margin is one half: encodings of
 * other vendors differ from OpenAI's, by which texts are counted here, by less than that, and framing and
 * transformed tools by the tokens beside it.
 */

const OUTPUT_MARGIN_TOKENS = 16;
const INPUT_MARGIN_TOKENS = 64;

/**
 * Characters of output, and bytes of input, that a token has at most in nearly every call: below that nothing
 * is tokenized. English prose has 4 to 5.
 */
const USUAL_LENGTH = 6;

/**
 * Returns a reading without the half, input or output, whose count is far below that of the texts.
 * @param inputTokens what is reserved for the input; 0 if nothing is
 * @param texts the generated texts that are billed as output, as they are: no summaries
 */
export function withPlausibleCounts(
  plan: TokenPlan,
  inputTokens: number,
  reading: UsageReading,
  texts: readonly string[],
): UsageReading {
  const output = reading.outputKnown ? missingOutput(plan, reading, texts) : undefined;
  const input = reading.inputKnown ? missingInput(plan, reading, inputTokens) : undefined;
  if (output === undefined && input === undefined) return reading;
  const { usage, problems } = reading;
  return {
    usage,
    inputKnown: reading.inputKnown && input === undefined,
    outputKnown: reading.outputKnown && output === undefined,
    problems: [
      ...problems,
      ...(input === undefined ? [] : [`input: ${usage.input}, counted ${input}`]),
      ...(output === undefined ? [] : [`output: ${usage.output}, counted ${output}`]),
    ],
  };
}

/** The tokens of the texts, if the reported ones are too few for them. */
function missingOutput(
  { endpoint, model, body }: TokenPlan,
  { usage }: UsageReading,
  texts: readonly string[],
): number | undefined {
  // An echoed prompt is not output; the transcript of speech is not what is billed.
  if (!endpoint.hasOutput || usage.audioOutput > 0 || body['echo'] === true) return undefined;
  // Others may report reasoning beside the output instead of as a part of it.
  const reported = usage.output - (usage.reasoning > 0 && isKnownModel(model) ? usage.reasoning : 0);
  let length = 0;
  for (const text of texts) length += text.length;
  if (length <= reported * USUAL_LENGTH) return undefined;
  const counted = countOutput(texts, model, { kind: endpoint.kind });
  const isTooFew = usage.output === 0 ? counted > 0 : reported < counted / 2 - OUTPUT_MARGIN_TOKENS;
  return isTooFew ? counted : undefined;
}

/** The tokens of the request's texts, if the reported ones are too few for them. */
function missingInput(
  { endpoint, body }: TokenPlan,
  { usage }: UsageReading,
  inputTokens: number,
): number | undefined {
  // A truncated input is less than the request has.
  if (usage.input * USUAL_LENGTH >= inputTokens || body['truncation'] === 'auto') return undefined;
  if (usage.input * USUAL_LENGTH >= boundInput(endpoint.kind, body).upper) return undefined;
  const { textTokens } = countInput(endpoint.kind, body);
  return usage.input < textTokens / 2 - INPUT_MARGIN_TOKENS ? textTokens : undefined;
}
