import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/**
 * Audio tokens in a second of speech: $0.015 a minute at $12 a million (gpt-4o-mini-tts model page) is 20.8.
 */
const TOKENS_PER_SECOND = 21;

/** Characters spoken in a second: typical English, and slow speech. */
const TYPICAL_CHARACTERS_PER_SECOND = 15;
const MIN_CHARACTERS_PER_SECOND = 5;

/** Silence before, after and in between, seconds. */
const MAX_SILENCE_SECONDS = 10;

/** Speech from text. Billed by the character (tts-1), or by tokens, which only an event stream reports. */
export const SPEECH: EndpointPricing = {
  worstCase(plan, card) {
    return tokensOrUnitsWorstCase(
      speechUsage(plan, MIN_CHARACTERS_PER_SECOND, MAX_SILENCE_SECONDS),
      characters(plan),
      card,
    );
  },
  readUsage(response, plan, card) {
    const reported = readUsage(response['usage']);
    if (!reported.inputKnown || !reported.outputKnown) {
      return isBilledBy(card, 'character') && reported.problems.length === 0
        ? unitUsage(characters(plan))
        : reported;
    }
    return { ...reported, usage: tokenUsage({ ...reported.usage, audioOutput: reported.usage.output }) };
  },
  estimateUsage(plan, card) {
    return isBilledBy(card, 'character')
      ? tokenUsage({ units: [characters(plan)] })
      : speechUsage(plan, TYPICAL_CHARACTERS_PER_SECOND, 0);
  },
};

function characters({ body }: CallPlan) {
  return { unit: 'character', quantity: [...textOf(body['input'])].length } as const;
}

function speechUsage(plan: CallPlan, charactersPerSecond: number, silenceSeconds: number): TokenUsage {
  const { body, model } = plan;
  const prompt = `${textOf(body['instructions'])} ${textOf(body['input'])}`;
  const speed = typeof body['speed'] === 'number' && body['speed'] >= 0.25 ? Math.min(4, body['speed']) : 1;
  const seconds = characters(plan).quantity / charactersPerSecond / speed + silenceSeconds;
  const output = Math.ceil(seconds * TOKENS_PER_SECOND);
  const { upper } = countInput('completions', { model, prompt });
  return tokenUsage({ input: upper, output, audioOutput: output });
}
