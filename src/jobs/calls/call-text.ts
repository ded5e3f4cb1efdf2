import { type CallEvent, NOTHING, type TokenBudgetTracker } from '../../budget/index.ts';
import { getPreloaded } from '../../calls/index.ts';
import { instrumentClient } from '../../clients/openai-sdk/index.ts';
import { nanoToUsd, type PriceBook } from '../../pricing/index.ts';
import { currentBudget, withBudget } from '../../telemetry/context/index.ts';
import { type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { ResponseError } from './response-error.ts';
import { type ResponseProblem, readResponseText } from './response-text.ts';

/** A client of the openai SDK, 4.19 to 7. */
export interface OpenAIClient {
  readonly chat: {
    readonly completions: {
      /** Sends a request to Chat Completions. */
      create(body: never, options?: never): PromiseLike<unknown>;
    };
  };
  readonly responses?: {
    /** Sends a request to Responses. */
    create(body: never, options?: never): PromiseLike<unknown>;
  };
}

/**
 * A request body of Chat (`messages`) or of Responses (`input`), as the SDK expects it, without streaming.
 */
export type CallBody = { readonly model: string } & Readonly<Record<string, unknown>> &
  ({ readonly messages: readonly unknown[] } | { readonly input: unknown });

/** Options of {@link callText} and `callJson`. */
export interface CallOptions {
  /**
   * The budget; default: that of the context (`withBudget`, a step of a job), or of the process (the
   * preload).
   */
  readonly tracker?: TokenBudgetTracker;
  /** Prices for a client that is not instrumented; default: list prices. */
  readonly prices?: PriceBook;
  readonly signal?: AbortSignal;
}

/** The text, the usage and the cost of a call. */
export interface CallResult {
  readonly text: string;
  /** The id of the response. */
  readonly id: string | undefined;
  /** The model, as the response names it. */
  readonly model: string;
  /** Tokens by kind. */
  readonly usage: TokenUsage;
  readonly costUsd: number;
  readonly costNanoUsd: number;
}

/**
 * Makes a call on a budget and returns its text. The call is reserved before it is sent and charged by its
 * usage, once, whether or not the client is instrumented.
 * @throws BudgetExceededError if the budget cannot pay for it
 * @throws ResponseError if the response is empty, refused or truncated; it is charged all the same
 * @throws TypeError if there is no budget, or the client or the body is invalid
 * @example
 * ```ts
 * const { text, costUsd } = await callText(client, { model: 'gpt-5.2', input: 'The tides at Brest?' }, { tracker });
 * ```
 */
export async function callText(
  client: OpenAIClient,
  body: CallBody,
  options: CallOptions = {},
): Promise<CallResult> {
  const { text, problem, ...result } = await sendCall(client, body, options);
  if (problem !== undefined) throw new ResponseError(problem.fault, problem.message, text);
  return { text, ...result };
}

/** A call and the problem of its response, if it has one. */
export interface SentCall extends CallResult {
  readonly problem: ResponseProblem | undefined;
}

/** Makes a call on a budget, whatever its response is. */
export async function sendCall(
  client: OpenAIClient,
  body: CallBody,
  options: CallOptions,
): Promise<SentCall> {
  const isChat = checkIsChat(body);
  const tracker = trackerOf(options);
  instrumentClient(client, { tracker, ...(options.prices === undefined ? {} : { prices: options.prices }) });
  const scoped = tracker.within();
  const calls: CallEvent[] = [];
  scoped.on((event) => event.type === 'call' && calls.push(event));
  const response = await withBudget(scoped, () => {
    const endpoint = isChat ? client.chat.completions : client.responses;
    if (endpoint === undefined)
      throw new TypeError('body: got input, expected messages: this client has no Responses');
    const sdkOptions = options.signal === undefined ? {} : { signal: options.signal };
    return endpoint.create(body as never, sdkOptions as never);
  });
  const call = calls.at(-1);
  const { text, id, model, problem } = readResponseText(response);
  const { costNanoUsd } = call?.charged ?? NOTHING;
  return {
    text,
    id,
    model: model ?? body.model,
    usage: call?.usage ?? tokenUsage(),
    costNanoUsd,
    costUsd: nanoToUsd(costNanoUsd),
    problem,
  };
}

function trackerOf({ tracker }: CallOptions): TokenBudgetTracker {
  const found = tracker ?? currentBudget() ?? getPreloaded()?.tracker;
  if (found !== undefined) return found;
  throw new TypeError('tracker: got nothing, and there is no current budget, expected a TokenBudgetTracker');
}

/** Whether a body is a request of Chat. */
function checkIsChat(body: CallBody): boolean {
  if (typeof body !== 'object' || body === null || typeof body.model !== 'string') {
    throw new TypeError('body: expected a request with model, and messages (Chat) or input (Responses)');
  }
  if (body['stream'] === true) {
    throw new TypeError('body.stream: got true, expected a request without streaming');
  }
  if (Array.isArray(body['messages'])) return true;
  if (body['input'] !== undefined) return false;
  throw new TypeError('body: got neither, expected messages (Chat) or input (Responses)');
}
