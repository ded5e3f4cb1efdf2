import { ENDPOINTS, endpointOf } from './endpoints/index.ts';

/** What may come before the path of an endpoint: a version, or Azure's deployments. */
const PREFIX = /^\/(v\d+|openai(\/v\d+)?|(openai\/)?deployments\/[^/]+)(?=\/)/;

/**
 * Whether a path is one as the SDK's own methods have it, so that it names the endpoint as it is. Others may be
 * whole URLs, or be resolved to another path when they are sent.
 */
export function isOrdinaryPath(path: string): boolean {
  return (
    ENDPOINTS.has(path) ||
    (path.startsWith('/') && !/\/\/|\/\.|\/(\?|#|$)|%/.test(path) && !PREFIX.test(path))
  );
}

/**
 * Returns the path of an endpoint in the URL that a request is sent to, as OpenAI's SDK posts it: without the
 * path of the base URL, versions, Azure's deployments, doubled slashes and a slash at the end.
 */
export function apiPathOf(url: string, baseUrl: unknown): string {
  if (!URL.canParse(url)) return url;
  let path = plainPath(new URL(url).pathname);
  const base =
    typeof baseUrl === 'string' && URL.canParse(baseUrl) ? plainPath(new URL(baseUrl).pathname) : '';
  if (base !== '' && path.startsWith(`${base}/`)) path = path.slice(base.length);
  for (let shorter = path.replace(PREFIX, ''); shorter !== path; shorter = path.replace(PREFIX, ''))
    path = shorter;
  if (endpointOf('post', path) !== undefined) return path;
  // A gateway may put anything before it.
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    if (ENDPOINTS.has(path.slice(at))) return path.slice(at);
  }
  return path;
}

/** Returns a path as a server resolves it: decoded, without doubled slashes and a slash at the end. */
export function plainPath(pathname: string): string {
  return decoded(pathname)
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
