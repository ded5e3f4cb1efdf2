import { calcPrice } from '@pydantic/genai-prices';
import type { Exchange } from './exchange.ts';
import { isObject, type JsonObject } from './json.ts';

/** What a recording says that its call used, read apart from the code under test. */
export interface RecordedUsage {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  readonly model: string;
  readonly tier: string | undefined;
  /** The items of the answer, which tell what its tools did. */
  readonly items: readonly JsonObject[];
}

/** The usage of an exchange with status 200; undefined where it tells none. */
export function recordedUsage(exchange: Exchange): RecordedUsage | undefined {
  if (exchange.status !== 200) return undefined;
  const answers = typeof exchange.response === 'string' ? eventsOf(exchange.response) : [exchange.response];
  let found: RecordedUsage | undefined;
  for (const answer of answers) {
    const body = isObject(answer) && isObject(answer['response']) ? answer['response'] : answer;
    if (isObject(body) && isObject(body['usage'])) found = read(body, body['usage'], exchange);
  }
  return found;
}

function read(body: JsonObject, usage: JsonObject, exchange: Exchange): RecordedUsage {
  const chat = 'prompt_tokens' in usage;
  const inputDetails = usage[chat ? 'prompt_tokens_details' : 'input_tokens_details'];
  const outputDetails = usage[chat ? 'completion_tokens_details' : 'output_tokens_details'];
  return {
    input: number(usage[chat ? 'prompt_tokens' : 'input_tokens']),
    output: number(usage[chat ? 'completion_tokens' : 'output_tokens']),
    cached: isObject(inputDetails) ? number(inputDetails['cached_tokens']) : 0,
    cacheWrite: isObject(inputDetails) ? number(inputDetails['cache_write_tokens']) : 0,
    reasoning: isObject(outputDetails) ? number(outputDetails['reasoning_tokens']) : 0,
    model: typeof body['model'] === 'string' ? body['model'] : String(exchange.request['model']),
    tier: typeof body['service_tier'] === 'string' ? body['service_tier'] : undefined,
    items: Array.isArray(body['output']) ? body['output'].filter(isObject) : [],
  };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function eventsOf(stream: string): unknown[] {
  return stream
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line): unknown => JSON.parse(line.slice('data: '.length)));
}

/** Price of a tier over the standard one, for the models of the recordings that have another tier. */
const TIER_FACTOR: Readonly<Record<string, number>> = { flex: 0.5, priority: 2 };

/**
 * The price of a recorded usage in nano-USD by the price library's own arithmetic; undefined for a model that it does
 * not know. Its floats are rounded to the nearest before the call's cost is rounded up.
 */
export function recordedCost(usage: RecordedUsage, requested: string): number | undefined {
  for (const model of [usage.model, requested]) {
    const price = calcPrice(
      {
        input_tokens: usage.input,
        output_tokens: usage.output,
        cache_read_tokens: usage.cached,
        cache_write_tokens: usage.cacheWrite,
      },
      model,
      { providerId: 'openai' },
    );
    if (price)
      return Math.ceil(Math.round(price.total_price * (TIER_FACTOR[usage.tier ?? ''] ?? 1) * 1e12) / 1e3);
  }
  return undefined;
}

/** What the tools of the recorded answers cost, nano-USD, and the tokens of the pictures that one of them made. */
export class RecordedFees {
  readonly #containers = new Set<unknown>();

  of({ items, model }: RecordedUsage, exchange: Exchange): { nanoUsd: number; tokens: number } {
    const tools = JSON.stringify(exchange.request['tools'] ?? []);
    const preview = tools.includes('web_search_preview') && /^gpt-4/.test(model);
    let nanoUsd = 0;
    let tokens = 0;
    for (const item of items) {
      if (item['type'] === 'web_search_call') nanoUsd += preview ? 25_000_000 : 10_000_000;
      if (item['type'] === 'file_search_call') nanoUsd += 2_500_000;
      const container = item['container_id'];
      if (item['type'] === 'code_interpreter_call' && container && !this.#containers.has(container)) {
        this.#containers.add(container);
        nanoUsd += 30_000_000;
      }
      if (item['type'] === 'image_generation_call') {
        // High quality: a landscape, or the dearest size where the answer names none.
        const pictured = item['size'] === '1536x1024' ? 6_208 : 6_240;
        tokens += pictured;
        nanoUsd += pictured * 40_000;
      }
    }
    return { nanoUsd, tokens };
  }
}
