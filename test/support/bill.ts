import { calcPrice } from '@pydantic/genai-prices';
import { ownExchange } from '../exchanges/index.ts';
import { isObject } from './json.ts';
import type { AccountEntry } from './replay-server.ts';
import { eventsOf } from './sse.ts';

/** What a replay server would bill for its account, by the price library's own arithmetic. */
export function billOf(account: readonly AccountEntry[]): {
  costNanoUsd: number;
  tokens: number;
  calls: number;
} {
  const bill = { costNanoUsd: 0, tokens: 0, calls: 0 };
  for (const { id, status, billed } of account) {
    if (status !== 200) continue;
    if (id === undefined || billed === undefined) throw new Error(`nothing is known to be billed for ${id}`);
    const model = modelOf(id);
    const tokens = {
      input_tokens: billed.input,
      output_tokens: billed.output,
      cache_read_tokens: billed.cachedInput,
      cache_write_tokens: billed.cacheWrite,
    };
    const price = calcPrice(tokens, model, { providerId: 'openai' }) ?? calcPrice(tokens, model);
    if (!price) throw new Error(`no price of ${model}`);
    // Its floats are rounded to the nearest before the call's cost is rounded up.
    bill.costNanoUsd += Math.ceil(Math.round(price.total_price * 1e12) / 1e3);
    bill.tokens += billed.input + billed.output;
    bill.calls += 1;
  }
  return bill;
}

/** The model that an exchange says it was answered by. */
function modelOf(id: string): string {
  const { response, request } = ownExchange(id);
  const answers = typeof response === 'string' ? eventsOf(response) : [response];
  for (const answer of answers) {
    if (!isObject(answer)) continue;
    const body = [answer['response'], answer['message'], answer].find(
      (one) => isObject(one) && typeof one['model'] === 'string',
    );
    if (isObject(body)) return String(body['model']);
  }
  return String(request['model']);
}
