import { createServer } from 'node:http';

const PROBE_RESPONSE = JSON.stringify({
  id: 'chatcmpl-doctor',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
});

/** What each answer of the server is charged. */
export const PROBE_TOKENS = 12;

/** A local server that answers the probe call in place of the API. */
export interface ProbeServer {
  /** The base URL for a client. */
  readonly url: string;
  readonly close: () => void;
}

/** Starts a server that answers each request like Chat Completions. */
export async function startProbeServer(): Promise<ProbeServer> {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(PROBE_RESPONSE),
  );
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
