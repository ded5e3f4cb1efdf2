import { type TokenUsage, totalTokens } from '../../usage/index.ts';
import { BoundedMap, isRecord } from '../../util/index.ts';

/** How many responses are remembered at least; the oldest are forgotten first. */
const CAPACITY = 10_000;

/**
 * The total tokens of responses, by response and by conversation. The input of a call that continues one is
 * at most its total and what the request adds.
 */
export class ResponseHistory {
  readonly #totals = new BoundedMap<string, number>(CAPACITY);

  /** Remembers the usage of a response, for its own id and for the conversation that it is part of. */
  remember(id: string | undefined, body: Readonly<Record<string, unknown>>, usage: TokenUsage): void {
    const total = totalTokens(usage);
    if (id !== undefined) this.#totals.set(id, total);
    const conversation = conversationOf(body);
    if (conversation !== undefined)
      this.#totals.set(conversation, Math.max(total, this.#totals.get(conversation) ?? 0));
  }

  /**
   * The tokens of the response or conversation that a request continues. Undefined if this process did not
   * see it, or if it is not all that the service adds to the input.
   */
  previousTokens(body: Readonly<Record<string, unknown>>): number | undefined {
    // A stored prompt or a hosted tool adds input of its own.
    if (body['prompt'] !== undefined || hasHostedTools(body)) return undefined;
    const previous = body['previous_response_id'];
    if (typeof previous === 'string') return this.#totals.get(previous);
    const conversation = conversationOf(body);
    return conversation === undefined ? undefined : this.#totals.get(conversation);
  }
}

function conversationOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const conversation = body['conversation'];
  if (typeof conversation === 'string') return conversation;
  return isRecord(conversation) && typeof conversation['id'] === 'string' ? conversation['id'] : undefined;
}

function hasHostedTools(body: Readonly<Record<string, unknown>>): boolean {
  const tools = body['tools'];
  return Array.isArray(tools) && tools.some((tool) => isRecord(tool) && tool['type'] !== 'function');
}
