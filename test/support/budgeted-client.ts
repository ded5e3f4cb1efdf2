import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import {
  type BudgetEvent,
  type BudgetStatus,
  defineBudget,
  type Limits,
  type Mode,
  type Store,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import type { FailureBilling } from '../../src/calls/index.ts';
import { OpenAIInstrumentation } from '../../src/clients/openai-sdk/index.ts';
import { PriceBook, type PriceOverride } from '../../src/pricing/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { listen, readBody } from './http.ts';
import { type JsonObject, parseObject } from './json.ts';

/** A request as the server received it. */
export interface ApiRequest {
  readonly method: string;
  /** Without `/v1` and without the query. */
  readonly path: string;
  readonly body: JsonObject;
  /** The fields of the body if it is a form. */
  readonly form: FormData | undefined;
}

/** A JSON body, a text of another type, or undefined for a 404. */
export type ApiResponse =
  | object
  | { readonly text: string; readonly type: string; readonly status?: number }
  | undefined;

export interface Api {
  readonly url: string;
  readonly requests: readonly ApiRequest[];
}

/** Starts a server that responds as the test defines. It is closed with the test. */
export async function startApi(
  test: TestContext,
  respond: (request: ApiRequest) => ApiResponse,
): Promise<Api> {
  const requests: ApiRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const raw = await readBody(incoming);
    const type = incoming.headers['content-type'] ?? '';
    const path = (incoming.url ?? '').replace(/\?.*/, '').replace(/^\/v1/, '');
    const isForm = type.startsWith('multipart/form-data');
    const form = isForm
      ? await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData()
      : undefined;
    const body = isForm ? {} : (parseObject(raw.toString('utf8')) ?? {});
    const request = { method: incoming.method ?? '', path, body, form };
    requests.push(request);
    const result = respond(request);
    if (result === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
      return;
    }
    const text = 'text' in result && 'type' in result ? result : undefined;
    const status = text !== undefined && 'status' in text ? Number(text.status) : 200;
    const contentType = text ? String(text.type) : 'application/json';
    response.writeHead(status, { 'content-type': contentType, 'retry-after-ms': '1' });
    response.end(text ? text.text : JSON.stringify(result));
  });
  const { url, close } = await listen(server);
  test.after(close);
  return { url: `${url}/v1`, requests };
}

/** The body of an event stream, with an event name if the event has a type. */
export function eventStream(events: readonly JsonObject[]): { text: string; type: string } {
  const text = events
    .map((event) => `${nameLine(event)}data: ${JSON.stringify(event['data'] ?? event)}\n\n`)
    .join('');
  return { text: `${text}data: [DONE]\n\n`, type: 'text/event-stream' };
}

function nameLine(event: JsonObject): string {
  const name = event['event'] ?? event['type'];
  return name === undefined ? '' : `event: ${name}\n`;
}

export interface BudgetedClient {
  readonly client: OpenAI;
  readonly tracker: TokenBudgetTracker;
  readonly events: readonly BudgetEvent[];
  /** The attributes of the spans that have ended. */
  readonly spans: readonly Attributes[];
  /** The settled amounts and the open reservations. */
  ledger(): Promise<{
    nanoUsd: number;
    tokens: number;
    calls: number;
    open: number;
    reservedNanoUsd: number;
  }>;
}

/** Creates an instrumented client of the real SDK with its own budget, in this process. */
export function budgetedClient(
  api: Pick<Api, 'url'>,
  options: {
    readonly limits?: Limits;
    readonly mode?: Mode;
    readonly store?: Store;
    readonly prices?: Readonly<Record<string, PriceOverride>>;
    readonly unmeteredEndpoints?: 'warn' | 'refuse';
    readonly failureBilling?: FailureBilling;
    readonly captureContent?: boolean;
    readonly contentEvents?: boolean;
    readonly meterProvider?: MeterProvider;
  } = {},
): BudgetedClient {
  const { limits = { costUsd: 50 }, mode = 'strict', store = new MemoryStore(), prices = {} } = options;
  const tracker = new TokenBudgetTracker(defineBudget({ name: 'b', limits, mode }), { store });
  const events: BudgetEvent[] = [];
  // The events besides those of calls, whose costs are in the ledger.
  tracker.on((event) => void (event.type !== 'call' && events.push(event)));
  const spans: Attributes[] = [];
  const onEnd = (span: ReadableSpan): void => void spans.push(span.attributes);
  const { unmeteredEndpoints = 'warn', failureBilling = {} } = options;
  const { captureContent = false, contentEvents = false } = options;
  const instrumentation = new OpenAIInstrumentation({
    enabled: false,
    tracker,
    prices: new PriceBook({ prices }),
    unmeteredEndpoints,
    failureBilling,
    captureContent,
    contentEvents,
  });
  if (options.meterProvider !== undefined) instrumentation.setMeterProvider(options.meterProvider);
  const done = () => Promise.resolve();
  instrumentation.setTracerProvider(
    new TracerProvider({
      spanProcessors: [{ onStart: () => {}, onEnd, forceFlush: done, shutdown: done }],
    }),
  );
  // A class of its own: patches of the SDK's class would add up over the tests.
  class Client extends OpenAI {}
  instrumentation.patchClass(Client);
  const client = new Client({ apiKey: 'sk-test', baseURL: api.url, maxRetries: 0 });
  const ledger = async () => {
    const { balances }: BudgetStatus = await tracker.status();
    const { costNanoUsd: nanoUsd, tokens, calls } = balances.settled;
    const reservedNanoUsd = balances.reserved.costNanoUsd;
    return { nanoUsd, tokens, calls, open: balances.open, reservedNanoUsd };
  };
  return { client, tracker, events, spans, ledger };
}
