import { endpointOf } from '../openai/index.ts';

/** Which API a request is for, where it is one that is counted. */
export interface ApiRequest {
  /** OpenAI's API, of OpenAI or of a compatible service; or Anthropic's Messages. */
  readonly api: 'openai' | 'messages';
  /** The path as OpenAI's SDK posts it, such as `/chat/completions`. */
  readonly path: string;
  /** The URL up to that path. */
  readonly baseURL: string;
  /** Of Azure, the deployment that the path names. */
  readonly deploymentName?: string;
}

/** The endpoints that compatible services have. */
const COMPATIBLE: ReadonlySet<string> = new Set([
  '/chat/completions',
  '/responses',
  '/responses/compact',
  '/completions',
  '/embeddings',
]);

const MESSAGES = '/messages';
const DEPLOYMENT = /\/openai\/deployments\/([^/]+)$/;

/**
 * The API that a URL is of. At the hosts of OpenAI and Azure each endpoint that is counted is taken; at others the ones that
 * compatible services have, and Anthropic's.
 */
export function apiOf(url: URL): ApiRequest | undefined {
  const known = /(^|\.)(openai\.com|openai\.azure\.com)$/.test(url.hostname);
  const { pathname } = url;
  for (let at = 0; at >= 0; at = pathname.indexOf('/', at + 1)) {
    const path = pathname.slice(at);
    const counted = known ? endpointOf('post', path) !== undefined : COMPATIBLE.has(path);
    if (!counted && path !== MESSAGES) continue;
    const before = pathname.slice(0, at);
    const deployment = DEPLOYMENT.exec(before)?.[1];
    return {
      api: counted ? 'openai' : 'messages',
      path,
      baseURL: `${url.origin}${before}${url.search}`,
      ...(deployment === undefined ? {} : { deploymentName: decodeURIComponent(deployment) }),
    };
  }
  return undefined;
}
