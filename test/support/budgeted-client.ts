import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
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
import { OpenAIInstrumentation } from '../../src/clients/openai-sdk/index.ts';
import { PriceBook, type PriceOverride } from '../../src/pricing/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { listen, readBody } from './http.ts';
import { type JsonObject, parseObject } from './json.ts';

/** A request as the service got it. */
export interface ApiRequest {
  readonly method: string;
  /** Without `/v1` and the query. */
  readonly path: string;
  readonly body: JsonObject;
  /** The fields of a form, where the body is one. */
  readonly form: FormData | undefined;
}

/** JSON, or a text of another type. */
export type ApiAnswer =
  | object
  | { readonly text: string; readonly type: string; readonly status?: number }
  | undefined;

export interface Api {
  readonly url: string;
  readonly requests: readonly ApiRequest[];
}

/** A service that answers as the test says; of what it is not told of, 404. Closed with the test. */
export async function startApi(test: TestContext, answer: (request: ApiRequest) => ApiAnswer): Promise<Api> {
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
    const given = answer(request);
    if (given === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
      return;
    }
    const plain = 'text' in given && 'type' in given ? given : undefined;
    const status = plain !== undefined && 'status' in plain ? Number(plain.status) : 200;
    response.writeHead(status, { 'content-type': plain ? String(plain.type) : 'application/json' });
    response.end(plain ? plain.text : JSON.stringify(given));
  });
  const { url, close } = await listen(server);
  test.after(close);
  return { url: `${url}/v1`, requests };
}

/** The text of an event stream. */
export function eventStream(events: readonly JsonObject[]): { text: string; type: string } {
  const text = events
    .map((event) => `${named(event)}data: ${JSON.stringify(event['data'] ?? event)}\n\n`)
    .join('');
  return { text: `${text}data: [DONE]\n\n`, type: 'text/event-stream' };
}

function named(event: JsonObject): string {
  const name = event['event'] ?? event['type'];
  return name === undefined ? '' : `event: ${name}\n`;
}

export interface Budgeted {
  readonly client: OpenAI;
  readonly tracker: TokenBudgetTracker;
  readonly events: readonly BudgetEvent[];
  /** The attributes of our spans that have ended. */
  readonly spans: readonly Attributes[];
  /** What is settled and what is open. */
  ledger(): Promise<{
    nanoUsd: number;
    tokens: number;
    calls: number;
    open: number;
    reservedNanoUsd: number;
  }>;
}

/** A client of the real SDK with a budget of its own, in this process. */
export function budgeted(
  api: Pick<Api, 'url'>,
  options: {
    readonly limits?: Limits;
    readonly mode?: Mode;
    readonly store?: Store;
    readonly prices?: Readonly<Record<string, PriceOverride>>;
    readonly unmeteredEndpoints?: 'warn' | 'refuse';
  } = {},
): Budgeted {
  const { limits = { costUsd: 50 }, mode = 'strict', store = new MemoryStore(), prices = {} } = options;
  const tracker = new TokenBudgetTracker(defineBudget({ name: 'b', limits, mode }), { store });
  const events: BudgetEvent[] = [];
  // What each call cost is in the ledger; here it is what was told beside that.
  tracker.on((event) => void (event.type !== 'call' && events.push(event)));
  const spans: Attributes[] = [];
  const onEnd = (span: ReadableSpan): void => void spans.push(span.attributes);
  const { unmeteredEndpoints = 'warn' } = options;
  const instrumentation = new OpenAIInstrumentation(
    { enabled: false, tracker, prices: new PriceBook({ prices }), unmeteredEndpoints },
    '0',
  );
  const done = () => Promise.resolve();
  instrumentation.setTracerProvider(
    new TracerProvider({
      spanProcessors: [{ onStart: () => {}, onEnd, forceFlush: done, shutdown: done }],
    }),
  );
  // A class of its own, so that the budgets of tests do not stack on the SDK's.
  class Client extends OpenAI {}
  const patch = Reflect.get(instrumentation, 'patchModule') as (exports: unknown) => void;
  patch.call(instrumentation, { OpenAI: Client });
  const client = new Client({ apiKey: 'sk-test', baseURL: api.url, maxRetries: 0 });
  const ledger = async () => {
    const { balances }: BudgetStatus = await tracker.status();
    const { costNanoUsd: nanoUsd, tokens, calls } = balances.settled;
    const reservedNanoUsd = balances.reserved.costNanoUsd;
    return { nanoUsd, tokens, calls, open: balances.open, reservedNanoUsd };
  };
  return { client, tracker, events, spans, ledger };
}
