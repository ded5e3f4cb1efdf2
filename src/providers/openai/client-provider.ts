import { isRecord, memoizeByField } from '../../util/index.ts';
import type { Provider } from '../contract/index.ts';
import type { ApiClient } from './request.ts';

/** The version of the Azure API that introduced `stream_options`; an older one rejects the request. */
const AZURE_STREAM_OPTIONS_SINCE = '2024-09-01';

/** The provider that a client calls. */
export const providerOf: (client: ApiClient) => Provider = memoizeByField(readProvider, 'baseURL');

function readProvider(client: ApiClient): Provider {
  const baseUrl = typeof client.baseURL === 'string' ? client.baseURL : undefined;
  const url = baseUrl !== undefined && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const host = url?.hostname ?? '';
  const azure = isAzure(client, host);
  // By a field of BedrockOpenAI: bundlers rename classes.
  const bedrock = 'bedrockTokenProvider' in client;
  return {
    name: azure ? 'azure.ai.openai' : bedrock ? 'aws.bedrock' : 'openai',
    acceptsIncludeUsage: azure ? azureAcceptsStreamOptions(client, url) : isOpenAi(host),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(url === undefined ? {} : { address: host, port: portOf(url) }),
  };
}

function isAzure(client: ApiClient, host: string): boolean {
  return (
    // Fields of AzureOpenAI.
    ('apiVersion' in client && 'deploymentName' in client) ||
    /\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)$|\.azure-api\.(net|us|cn)$/.test(host)
  );
}

function isOpenAi(host: string): boolean {
  return host === 'api.openai.com' || host.endsWith('.api.openai.com');
}

/** The `v1` API accepts them, and has no dated version. */
function azureAcceptsStreamOptions(client: ApiClient, url: URL | undefined): boolean {
  const version = apiVersionOf(client) ?? url?.searchParams.get('api-version');
  if (typeof version !== 'string' || !/^\d{4}-/.test(version)) return true;
  return version >= AZURE_STREAM_OPTIONS_SINCE;
}

/** The API version of an Azure client, or of another client whose default query names one. */
function apiVersionOf(client: ApiClient): unknown {
  if ('apiVersion' in client) return client.apiVersion;
  const options: unknown = Reflect.get(client, '_options');
  const query = isRecord(options) ? options['defaultQuery'] : undefined;
  return isRecord(query) ? query['api-version'] : undefined;
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}
