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

/** How the message is written, and of which budget it tells. */
export interface BudgetStatusOptions extends StatusMessageOptions {
  /** The budget to tell of; that of the context (`withBudget`) where absent. */
  readonly tracker?: TokenBudgetTracker;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * A request body of Chat or Responses that tells the model its budget: a developer message, appended last, so that what comes before
 * stays as it was and the service finds it in its cache. A message of ours that is there from an earlier turn is taken out, so they
 * never accumulate. The body given is not changed.
 *
 * A body that goes on from what the service keeps (`previous_response_id`, `conversation`) is given back as it is: there the
 * messages of earlier turns could not be taken out.
 * @throws TypeError where there is no budget, or the body is neither of Chat nor of Responses
 */
export async function withBudgetStatus<T extends object>(
  body: T,
  options: BudgetStatusOptions = {},
): Promise<T> {
  const tracker = options.tracker ?? currentBudget();
  if (tracker === undefined) {
    throw new TypeError('tracker: given none, and no budget is current; taken is a TokenBudgetTracker');
  }
  const fields = body as Body;
  if (!Array.isArray(fields['messages']) && !isInput(fields['input'])) {
    throw new TypeError('body: taken is a request of Chat (messages) or of Responses (input)');
  }
  return addBudgetStatus(fields, await tracker.status(), options) as T;
}

/** The body with the status of the budget as its last message. */
export function addBudgetStatus(body: Body, status: BudgetStatus, options: StatusMessageOptions): Body {
  const message = { role: 'developer', content: getBudgetStatusMessage(status, options) };
  if (Array.isArray(body['messages'])) {
    return { ...body, messages: [...body['messages'].filter(isNotOurs), message] };
  }
  const { input } = body;
  if (!isInput(input) || body['previous_response_id'] != null || body['conversation'] != null) return body;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input.filter(isNotOurs);
  return { ...body, input: [...items, message] };
}

/** The options of a request on its way, with the status of its budget in the body where it is one of Chat or Responses. */
export function optionsWithStatus(
  options: ApiRequest,
  tracker: TokenBudgetTracker,
  format: StatusFormat,
): MaybePromise<ApiRequest> {
  const { body } = options;
  const endpoint = endpointOf(options.method, options.path);
  // A compaction gives back what it was given.
  if (endpoint?.apiType === undefined || endpoint.capped === false || !isRecord(body)) return options;
  return andThen(tracker.status(), (status) => ({
    ...options,
    body: addBudgetStatus(body, status, { format }),
  }));
}

function isInput(input: unknown): input is string | unknown[] {
  return typeof input === 'string' || Array.isArray(input);
}

function isNotOurs(message: unknown): boolean {
  if (!isRecord(message) || message['role'] !== 'developer') return true;
  const { content } = message;
  // Some code turns texts into lists of parts.
  const first: unknown = Array.isArray(content) ? content[0] : content;
  return !isBudgetStatusMessage(isRecord(first) ? first['text'] : first);
}
