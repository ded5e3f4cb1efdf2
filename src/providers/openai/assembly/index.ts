import { isRecord } from '../../../util/index.ts';
import { ChatAssembly } from './chat.ts';
import { ResponseAssembly } from './responses.ts';

/**
 * Puts a stream of Chat, Completions or Responses together again, as the response that would have come without a
 * stream. For captured content only: it holds the whole output. Never throws.
 */
export class StreamAssembly {
  readonly #chat = new ChatAssembly();
  readonly #responses = new ResponseAssembly();

  /** Reads an event, or a chunk. */
  read(event: Readonly<Record<string, unknown>>): void {
    if (typeof event['type'] === 'string') this.#responses.read(event['type'], event);
    else this.#chat.read(isRecord(event['data']) ? event['data'] : event);
  }

  /** The response as far as it has arrived. */
  response(): Record<string, unknown> {
    const output = this.#responses.output();
    return output.length > 0 ? { output } : { choices: this.#chat.choices() };
  }
}
