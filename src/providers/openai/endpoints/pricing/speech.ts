import { countInput } from '../../../../tokens/index.ts';
import { readUsage, type TokenUsage, tokenUsage } from '../../../../usage/index.ts';
import { textOf } from '../../../../util/index.ts';
import type { CallPlan, EndpointPricing } from '../../../contract/index.ts';
import { isBilledBy, tokensOrUnitsWorstCase, unitUsage } from './billing.ts';

/** Audio tokens of a second that is spoken: $0.015 a minute at $12 a million (gpt-4o-mini-tts model page) is 20.8. */
const TOKENS_PER_SECOND = 21;

/** Characters that are spoken in a second: usual English, and slowly. */
const LIKELY_CHARACTERS = 15;
const LEAST_CHARACTERS = 5;

/** Silence before, after and between, seconds. */
const SILENCE = 10;

/** Text that is spoken. Billed by the character (tts-1) or by tokens, which only an event stream tells. */
export const SPEECH: EndpointPricing = {
  worstCase(plan, card) {
    return tokensOrUnitsWorstCase(spoken(plan, LEAST_CHARACTERS, SILENCE), characters(plan), card);
  },
  readUsage(answer, plan, card) {
    const told = readUsage(answer['usage']);
    if (!told.inputKnown || !told.outputKnown) {
      return isBilledBy(card, 'character') && told.problems.length === 0 ? unitUsage(characters(plan)) : told;
    }
    return { ...told, usage: tokenUsage({ ...told.usage, audioOutput: told.usage.output }) };
  },
  estimateUsage(plan, card) {
    return isBilledBy(card, 'character')
      ? tokenUsage({ units: [characters(plan)] })
      : spoken(plan, LIKELY_CHARACTERS, 0);
  },
};

function characters({ body }: CallPlan) {
  return { unit: 'character', quantity: [...textOf(body['input'])].length } as const;
}

function spoken(plan: CallPlan, charactersPerSecond: number, silence: number): TokenUsage {
  const { body, model } = plan;
  const prompt = `${textOf(body['instructions'])} ${textOf(body['input'])}`;
  const speed = typeof body['speed'] === 'number' && body['speed'] >= 0.25 ? Math.min(4, body['speed']) : 1;
  const seconds = characters(plan).quantity / charactersPerSecond / speed + silence;
  const output = Math.ceil(seconds * TOKENS_PER_SECOND);
  const { upper } = countInput('completions', { model, prompt });
  return tokenUsage({ input: upper, output, audioOutput: output });
}
