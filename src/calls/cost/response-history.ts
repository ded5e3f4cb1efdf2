import { type TokenUsage, totalTokens } from '../../usage/index.ts';
import { BoundedMap, isRecord } from '../../util/index.ts';

/** How many responses are remembered at least; the oldest are forgotten first. */
const SIZE = 10_000;

/**
 * The total tokens of responses seen, by id and by conversation: the input of a call that goes on from one is at most that
 * total and what the request adds.
 */
export class ResponseHistory {
  readonly #totals = new BoundedMap<string, number>(SIZE);

  remember(id: string | undefined, body: Readonly<Record<string, unknown>>, usage: TokenUsage): void {
    const total = totalTokens(usage);
    if (id !== undefined) this.#totals.set(id, total);
    const conversation = conversationOf(body);
    if (conversation !== undefined)
      this.#totals.set(conversation, Math.max(total, this.#totals.get(conversation) ?? 0));
  }

  /** What the request goes on from, tokens; undefined where that was not seen here, or is not all that is missing. */
  previousTokens(body: Readonly<Record<string, unknown>>): number | undefined {
    // A stored prompt or a hosted tool brings input of its own.
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
