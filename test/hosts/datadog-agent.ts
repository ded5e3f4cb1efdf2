import { createServer } from 'node:http';
import { listen, readBody } from '../support/http.ts';
import { decodeMsgpack } from '../support/msgpack.ts';

/** A span as the agent receives it. */
export interface DatadogSpan {
  readonly name: string;
  readonly resource: string;
  readonly span_id: string;
  readonly parent_id: string;
  readonly error: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Receives traces of `dd-trace`. */
export interface DatadogAgent {
  readonly url: string;
  readonly spans: readonly DatadogSpan[];
  readonly close: () => Promise<void>;
}

/** Starts an agent that takes traces; it has no other endpoint, which the tracer accepts. */
export async function startDatadogAgent(): Promise<DatadogAgent> {
  const spans: DatadogSpan[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const isTraces = request.url?.endsWith('/traces') === true;
      if (isTraces) spans.push(...(decodeMsgpack(body) as DatadogSpan[][]).flat());
      response.writeHead(isTraces ? 200 : 404).end('{}');
    });
  });
  return { ...(await listen(server)), spans };
}
