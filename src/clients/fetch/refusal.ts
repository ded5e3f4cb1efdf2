/**
 * Whether the client that sends a request repeats it when its `fetch` throws, and wraps what was thrown: those of OpenAI's and
 * Anthropic's making, told by their headers. An answer with status 402 they do not repeat.
 */
export function retriesErrors([input, init]: Parameters<typeof fetch>): boolean {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  return headers.has('x-stainless-lang');
}

/** A refusal as the service would answer it, in the form of OpenAI's errors and of Anthropic's. */
export function refusalResponse(error: Error & { code: string; status: number }): Response {
  const { code, status, message } = error;
  const body = { type: 'error', error: { type: code, code, message, param: null } };
  return new Response(JSON.stringify(body), {
    status,
    statusText: 'Token budget exceeded',
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
  });
}
