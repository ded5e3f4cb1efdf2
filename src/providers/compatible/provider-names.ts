/** The `gen_ai.provider.name` of the services that are known by their hosts. */
const PROVIDER_NAMES: readonly (readonly [hostname: RegExp, name: string])[] = [
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

/** The name of the provider of a host; undefined if it is not a known service. */
export function providerNameOf(hostname: string): string | undefined {
  return PROVIDER_NAMES.find(([pattern]) => pattern.test(hostname))?.[1];
}
