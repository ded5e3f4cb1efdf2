import type { Provider } from '../contract/index.ts';
import type { ApiRequest } from './api-request.ts';

/** Whose service a host is, by `gen_ai.provider.name`. */
const HOSTS: readonly (readonly [host: RegExp, name: string])[] = [
  [/(^|\.)anthropic\.com$/, 'anthropic'],
  [/(^|\.)groq\.com$/, 'groq'],
  [/(^|\.)mistral\.ai$/, 'mistral_ai'],
  [/(^|\.)deepseek\.com$/, 'deepseek'],
  [/(^|\.)x\.ai$/, 'x_ai'],
  [/(^|\.)perplexity\.ai$/, 'perplexity'],
  [/(^|\.)cohere\.(com|ai)$/, 'cohere'],
  [/(^|\.)googleapis\.com$/, 'gcp.gemini'],
  [/(^|\.)openrouter\.ai$/, 'openrouter'],
];

/** The provider, by the name that its host has; one that speaks Anthropic's API sells Anthropic's models. */
export function namedProvider(provider: Provider, { api }: ApiRequest): Provider {
  const found = HOSTS.find(([host]) => host.test(provider.address ?? ''))?.[1];
  const name = found ?? (api === 'messages' ? 'anthropic' : provider.name);
  return name === provider.name ? provider : { ...provider, name };
}
