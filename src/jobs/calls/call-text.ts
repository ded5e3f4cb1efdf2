import { type CallEvent, NOTHING, type TokenBudgetTracker } from '../../budget/index.ts';
import { preloaded } from '../../calls/index.ts';
import { instrumentClient } from '../../clients/openai-sdk/index.ts';
import { nanoToUsd, type PriceBook } from '../../pricing/index.ts';
import { currentBudget, withBudget } from '../../telemetry/context/index.ts';
import { type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { ResponseError } from './response-error.ts';
import { readResponseText } from './response-text.ts';

/** A client of the openai SDK, 4.19 to 7. */
export interface OpenAIClient {
  readonly chat: {
    readonly completions: {
      /** Asks Chat Completions. */
      create(body: never, options?: never): PromiseLike<unknown>;
    };
  };
  readonly responses?: {
    /** Asks Responses. */
    create(body: never, options?: never): PromiseLike<unknown>;
  };
}

/** A request of Chat (`messages`) or of Responses (`input`), as the SDK takes it, and not a stream. */
export type CallBody = { readonly model: string } & Readonly<Record<string, unknown>> &
  ({ readonly messages: readonly unknown[] } | { readonly input: unknown });

/** What is asked, of which model and within what. */
export interface CallOptions {
  /** The budget; that of the context (`withBudget`, a step of a job) or of the process (the preload) where absent. */
  readonly tracker?: TokenBudgetTracker;
  /** Of a client that is not instrumented; list prices where absent. */
  readonly prices?: PriceBook;
  readonly signal?: AbortSignal;
}

/** What a call gave, used and cost. */
export interface CallResult {
  readonly text: string;
  /** As the service names the answer and its model. */
  readonly id: string | undefined;
  readonly model: string;
  /** Tokens by kind. */
  readonly usage: TokenUsage;
  readonly costUsd: number;
  readonly costNanoUsd: number;
}

/**
 * One call whose answer is a text, on a budget: reserved before it is sent, charged by its usage after it, whether or not the client
 * is instrumented.
 * @throws BudgetExceededError where the budget cannot pay for it
 * @throws AnswerError where the answer is empty, refused or cut short; it is charged all the same
 * @throws TypeError where there is no budget, or the client or the body is not one that is taken
 */
export async function callText(
  client: OpenAIClient,
  body: CallBody,
  options: CallOptions = {},
): Promise<CallResult> {
  const { text, problem: fault, ...result } = await sendCall(client, body, options);
  if (fault !== undefined) throw new ResponseError(fault.fault, fault.message, text);
  return { text, ...result };
}

/** A call with what is wrong with its answer, if anything is. */
export interface SentCall extends CallResult {
  readonly problem: { readonly fault: ResponseError['fault']; readonly message: string } | undefined;
}

export async function sendCall(client: OpenAIClient, body: CallBody, options: CallOptions): Promise<SentCall> {
  const chat = checkBody(body);
  const tracker = trackerOf(options);
  instrumentClient(client, { tracker, ...(options.prices === undefined ? {} : { prices: options.prices }) });
  const scoped = tracker.within();
  const calls: CallEvent[] = [];
  scoped.on((event) => event.type === 'call' && calls.push(event));
  const answer = await withBudget(scoped, () => {
    const endpoint = chat ? client.chat.completions : client.responses;
    if (endpoint === undefined)
      throw new TypeError('body: given input; this client has no Responses, so taken are messages');
    const sdkOptions = options.signal === undefined ? {} : { signal: options.signal };
    return endpoint.create(body as never, sdkOptions as never);
  });
  const call = calls.at(-1);
  const { text, id, model, problem: fault } = readResponseText(answer);
  const { costNanoUsd } = call?.charged ?? NOTHING;
  return {
    text,
    id,
    model: model ?? body.model,
    usage: call?.usage ?? tokenUsage(),
    costNanoUsd,
    costUsd: nanoToUsd(costNanoUsd),
    problem: fault,
  };
}

function trackerOf({ tracker }: CallOptions): TokenBudgetTracker {
  const found = tracker ?? currentBudget() ?? preloaded()?.tracker;
  if (found !== undefined) return found;
  throw new TypeError('tracker: given none, and no budget is current; taken is a TokenBudgetTracker');
}

/** Whether it is a request of Chat. */
function checkBody(body: CallBody): boolean {
  if (typeof body !== 'object' || body === null || typeof body.model !== 'string') {
    throw new TypeError('body: taken is a request with model, and messages (Chat) or input (Responses)');
  }
  if (body['stream'] === true) throw new TypeError('body.stream: given true; a whole answer is read here');
  if (Array.isArray(body['messages'])) return true;
  if (body['input'] !== undefined) return false;
  throw new TypeError('body: given neither messages (Chat) nor input (Responses)');
}
