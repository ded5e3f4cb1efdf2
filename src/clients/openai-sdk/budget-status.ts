import {
  type BudgetStatus,
  getBudgetStatusMessage,
  isBudgetStatusMessage,
  type StatusFormat,
  type StatusMessageOptions,
  type TokenBudgetTracker,
} from '../../budget/index.ts';
import { type ApiRequest, endpointOf } from '../../providers/index.ts';
import { currentBudget } from '../../telemetry/context/index.ts';
import { andThen, isRecord, type MaybePromise } from '../../util/index.ts';

/** The format of the budget status message, and the budget that it reports. */
export interface BudgetStatusOptions extends StatusMessageOptions {
  /** The budget that is reported; default: the current one (`withBudget`). */
  readonly tracker?: TokenBudgetTracker;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Returns the body of a request of Chat or Responses with the status of the budget for the model to read: a
 * developer message, appended last, so that the service still finds everything before it in its prompt cache.
 * The message of an earlier turn is removed, so messages never accumulate. The given body is not changed.
 *
 * A body that continues a response or conversation that the service stores (`previous_response_id`,
 * `conversation`) is returned unchanged: the messages of earlier turns could not be removed from it.
 * @throws TypeError if there is no budget, or the body is neither one of Chat nor of Responses
 * @example
 * const response = await client.chat.completions.create(await withBudgetStatus(body));
 */
export async function withBudgetStatus<T extends object>(
  body: T,
  options: BudgetStatusOptions = {},
): Promise<T> {
  const tracker = options.tracker ?? currentBudget();
  if (tracker === undefined) {
    throw new TypeError(
      'tracker: got nothing, and there is no current budget, expected a TokenBudgetTracker',
    );
  }
  const fields = body as Body;
  if (!Array.isArray(fields['messages']) && !isInput(fields['input'])) {
    throw new TypeError('body: got neither, expected messages (Chat) or input (Responses)');
  }
  return addBudgetStatus(fields, await tracker.status(), options) as T;
}

/** Returns the body with the status of the budget as its last message. */
export function addBudgetStatus(body: Body, status: BudgetStatus, options: StatusMessageOptions): Body {
  const message = { role: 'developer', content: getBudgetStatusMessage(status, options) };
  if (Array.isArray(body['messages'])) {
    return { ...body, messages: [...body['messages'].filter(isNotStatus), message] };
  }
  const { input } = body;
  if (!isInput(input) || body['previous_response_id'] != null || body['conversation'] != null) return body;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input.filter(isNotStatus);
  return { ...body, input: [...items, message] };
}

/**
 * Returns the options of an SDK request, with the status of its budget in the body of a Chat or Responses
 * call.
 */
export function optionsWithStatus(
  options: ApiRequest,
  tracker: TokenBudgetTracker,
  format: StatusFormat,
): MaybePromise<ApiRequest> {
  const { body } = options;
  const endpoint = endpointOf(options.method, options.path);
  // The result of a compaction would contain the message.
  if (endpoint?.apiType === undefined || endpoint.capped === false || !isRecord(body)) return options;
  return andThen(tracker.status(), (status) => ({
    ...options,
    body: addBudgetStatus(body, status, { format }),
  }));
}

function isInput(input: unknown): input is string | unknown[] {
  return typeof input === 'string' || Array.isArray(input);
}

function isNotStatus(message: unknown): boolean {
  if (!isRecord(message) || message['role'] !== 'developer') return true;
  const { content } = message;
  // Some programs turn a text into a list of parts.
  const first: unknown = Array.isArray(content) ? content[0] : content;
  return !isBudgetStatusMessage(isRecord(first) ? first['text'] : first);
}
