/**
 * Whether the client that sends a request retries it, and wraps the error, if its `fetch` throws: OpenAI's
 * and Anthropic's clients do, and are recognized by their headers. They do not retry a response with status
 * 402.
 */
export function retriesErrors([input, init]: Parameters<typeof fetch>): boolean {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  return headers.has('x-stainless-lang');
}

/**
 * Creates the response that a service would refuse a call with, in the form of OpenAI's and Anthropic's
 * errors.
 */
export function refusalResponse(error: Error & { code: string; status: number }): Response {
  const { code, status, message } = error;
  const body = { type: 'error', error: { type: code, code, message, param: null } };
  return new Response(JSON.stringify(body), {
    status,
    statusText: 'Token budget exceeded',
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
  });
}
