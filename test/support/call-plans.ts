import OpenAI from 'openai';
import { type Endpoint, isTokenPlan, type TokenPlan } from '../../src/providers/contract/call-plan.ts';
import { endpointOf } from '../../src/providers/openai/endpoints/endpoint-table.ts';
import { planRequest } from '../../src/providers/openai/plan.ts';
import type { ApiClient, ApiRequest } from '../../src/providers/openai/request.ts';

/** A client of OpenAI. Tests send nothing with it. */
export const openai = new OpenAI({ apiKey: 'sk-test', baseURL: 'https://api.openai.com/v1' });

/** A client of a server compatible with OpenAI's. */
export const compatible = new OpenAI({ apiKey: 'sk-test', baseURL: 'http://localhost:11434/v1' });

export const CHAT = endpoint('/chat/completions');
export const RESPONSES = endpoint('/responses');
export const COMPLETIONS = endpoint('/completions');
export const EMBEDDINGS = endpoint('/embeddings');

function endpoint(path: string): Endpoint {
  const found = endpointOf('post', path);
  if (found === undefined) throw new TypeError(`${path} is not metered`);
  return found;
}

/** Plans the call of a POST request to a text endpoint. */
export function planOf(
  path: string,
  body: object,
  options: Omit<ApiRequest, 'body'> & { client?: ApiClient } = {},
): TokenPlan {
  const { client = openai, ...rest } = options;
  const plan = planRequest(client, { method: 'post', path, body, ...rest });
  if (plan === undefined || !isTokenPlan(plan)) throw new TypeError(`${path} is not a text endpoint`);
  return plan;
}
