import type { OwnExchange } from '../support/exchange.ts';
import { jsonExchange } from './build.ts';

/** Refusals of the service: nothing is billed. A client retries 429 and 500, at once. */
export const errorExchanges: readonly OwnExchange[] = [
  failure(
    400,
    'invalid_request_error',
    'context_length_exceeded',
    'This model’s maximum context length is exceeded.',
  ),
  failure(401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'),
  failure(404, 'invalid_request_error', 'model_not_found', 'The model `gpt-none` does not exist.'),
  failure(429, 'requests', 'rate_limit_exceeded', 'Rate limit reached for requests.'),
  failure(500, 'server_error', null, 'The server had an error while processing your request.'),
];

function failure(status: number, type: string, code: string | null, message: string): OwnExchange {
  return jsonExchange(
    '/v1/chat/completions',
    {
      id: `error-${status}`,
      covers: `status ${status}`,
      status,
      headers: { 'retry-after-ms': '1' },
      request: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Answer with ${status}.` }] },
      expected: {},
    },
    { error: { message, type, param: null, code } },
  );
}
