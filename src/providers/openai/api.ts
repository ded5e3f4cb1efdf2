import { providerNameOf } from '../compatible/index.ts';
import { type ApiTarget, type CallPlan, type ProviderApi, withProviderName } from '../contract/index.ts';
import { endpointOf } from './endpoints/index.ts';
import { outgoingBody } from './outgoing-body.ts';
import { planRequest } from './plan.ts';

/** The endpoints that services compatible with OpenAI's API have. */
const COMPATIBLE_PATHS: ReadonlySet<string> = new Set([
  '/chat/completions',
  '/responses',
  '/responses/compact',
  '/completions',
  '/embeddings',
]);

/** The hosts that have every endpoint: OpenAI's and Azure's. */
const OPENAI_HOSTS = /(^|\.)(openai\.com|openai\.azure\.com)$/;

/** OpenAI's API, at OpenAI, Azure or a compatible service. */
export const OPENAI_API: ProviderApi = {
  serves: (path, hostname) =>
    OPENAI_HOSTS.test(hostname) ? endpointOf('post', path) !== undefined : COMPATIBLE_PATHS.has(path),
  plan(target, body, signal) {
    const plan = planTarget(target, body, signal);
    const name = providerNameOf(target.hostname);
    return plan === undefined || name === undefined ? plan : withProviderName(plan, name);
  },
  outgoingBody: (plan, _body, clampedTo, includeUsage) => outgoingBody({ includeUsage }, plan, clampedTo),
};

/** Plans the call of a request to a target as {@link planRequest} does for a client of the SDK. */
export function planTarget(
  { path, baseURL, deploymentName }: ApiTarget,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): CallPlan | undefined {
  const client = {
    baseURL,
    ...(deploymentName === undefined ? {} : { deploymentName }),
  };
  const plan = planRequest(client, {
    method: 'post',
    path,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  // A request without a model is for something else, whatever its path.
  return plan === undefined || plan.model === '' ? undefined : plan;
}
