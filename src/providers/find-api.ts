import { ANTHROPIC_API } from './anthropic/index.ts';
import type { ApiTarget, ProviderApi } from './contract/index.ts';
import { OPENAI_API, plainPath } from './openai/index.ts';

/** The APIs that are metered. A new one is a folder here, and an entry in this list. */
const PROVIDER_APIS: readonly ProviderApi[] = [OPENAI_API, ANTHROPIC_API];

const AZURE_DEPLOYMENT = /\/openai\/deployments\/([^/]+)$/;

/**
 * Finds the API that serves a URL, whatever comes before the path that the API defines; undefined if none
 * does.
 */
export function findApi(url: URL): { readonly api: ProviderApi; readonly target: ApiTarget } | undefined {
  const { hostname } = url;
  const pathname = plainPath(url.pathname);
  for (let at = 0; at >= 0; at = pathname.indexOf('/', at + 1)) {
    const path = pathname.slice(at);
    const api = PROVIDER_APIS.find((one) => one.serves(path, hostname));
    if (api === undefined) continue;
    const prefix = pathname.slice(0, at);
    const deployment = AZURE_DEPLOYMENT.exec(prefix)?.[1];
    const target = {
      hostname,
      path,
      baseURL: `${url.origin}${prefix}${url.search}`,
      ...(deployment === undefined ? {} : { deploymentName: decodeURIComponent(deployment) }),
    };
    return { api, target };
  }
  return undefined;
}
