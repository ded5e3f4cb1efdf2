import { endpointSupport, plainPath } from './openai/index.ts';

/** OpenAI's own hosts, whose endpoints are all known. */
const OPENAI_HOST = /^(.+\.)?api\.openai\.com$/;

/**
 * Hosts that sell models by APIs of their own, some beside one that is compatible with OpenAI's. Each pattern
 * is from the reference of the service's API.
 */
const MODEL_HOSTS: readonly RegExp[] = [
  // https://ai.google.dev/api, https://cloud.google.com/vertex-ai/docs/reference/rest
  /^generativelanguage\.googleapis\.com$/,
  /^([a-z0-9-]+-)?aiplatform\.googleapis\.com$/,
  // https://docs.aws.amazon.com/general/latest/gr/bedrock.html
  /^bedrock(-agent)?-runtime(-fips)?\.[a-z0-9-]+\.amazonaws\.com$/,
  // https://learn.microsoft.com/rest/api/aifoundry/modelinference
  /\.(openai\.azure\.com|services\.ai\.azure\.com|inference\.ai\.azure\.com|models\.ai\.azure\.com)$/,
  /^models\.(github\.ai|inference\.ai\.azure\.com)$/,
  /^([a-z0-9-]+\.)?api\.anthropic\.com$/,
  /^api\.cohere\.(com|ai)$/,
  /^(api|codestral)\.mistral\.ai$/,
  /^api\.(x\.ai|deepseek\.com|groq\.com|perplexity\.ai|ai21\.com|replicate\.com|stability\.ai)$/,
  /^api\.(together\.(xyz|ai)|fireworks\.ai|deepinfra\.com|cerebras\.ai|sambanova\.ai|moonshot\.(ai|cn))$/,
  /^api\.(elevenlabs\.io|deepgram\.com|assemblyai\.com|voyageai\.com|jina\.ai|lumalabs\.ai)$/,
  /^(api-inference|router)\.huggingface\.co$/,
  /\.endpoints\.huggingface\.cloud$/,
  /^openrouter\.ai$/,
  /^(integrate|ai)\.api\.nvidia\.com$/,
  /^(queue\.)?fal\.run$/,
  /\.ml\.cloud\.ibm\.com$/,
];

/** The ends of paths that cost nothing: counting, uploads, keys, checks. */
const FREE_PATH =
  /(:countTokens|:computeTokens|\/count[_-]tokens|\/(de)?tokenize|\/check-api-key|\/moderations|\/files|\/uploads|\/cancel|\/auth\/.*|\/oauth.*|\/token)$/;

/**
 * Returns the name of a request to a service that sells models which no API here can count, such as Gemini's
 * `POST generativelanguage.googleapis.com/v1beta/models/{model}:generateContent`; undefined of any other. The name has no
 * query: some services take the key there.
 * @param url of a request that {@link findApi} does not find
 */
export function uncountedRequest(method: string, url: URL): string | undefined {
  if (method.toUpperCase() !== 'POST') return undefined;
  const { hostname } = url;
  const path = plainPath(url.pathname);
  if (OPENAI_HOST.test(hostname)) {
    const { support, name } = endpointSupport('post', path.replace(/^\/v\d+(?=\/)/, ''));
    return support === 'unmetered' ? name : undefined;
  }
  if (FREE_PATH.test(path) || !MODEL_HOSTS.some((host) => host.test(hostname))) return undefined;
  return `POST ${hostname}${path}`;
}
