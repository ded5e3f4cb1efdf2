import { createRequire } from 'node:module';
import type OpenAI from 'openai';

/**
 * A client of the openai that a folder finds, whose requests go to an in-process `fetch`.
 * @param from the folder
 */
export function clientOf(from: string, fetch: () => Promise<Response>): OpenAI {
  const { OpenAI: Client } = createRequire(`${from}/package.json`)('openai') as { OpenAI: typeof OpenAI };
  return new Client({ apiKey: 'none', baseURL: 'https://api.openai.com/v1', maxRetries: 0, fetch });
}
