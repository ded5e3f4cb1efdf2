import type { OwnExchange } from '../support/exchange.ts';
import { chatExchanges } from './chat.ts';
import { chatKindExchanges } from './chat-kinds.ts';
import { chatStreamExchanges } from './chat-stream.ts';
import { errorExchanges } from './errors.ts';
import { malformedExchanges } from './malformed.ts';
import { messagesExchanges } from './messages.ts';
import { otherExchanges } from './other-endpoints.ts';
import { responsesExchanges } from './responses.ts';
import { responsesStreamExchanges } from './responses-stream.ts';

export {
  chatExchanges,
  chatKindExchanges,
  chatStreamExchanges,
  errorExchanges,
  malformedExchanges,
  messagesExchanges,
  otherExchanges,
  responsesExchanges,
  responsesStreamExchanges,
};

/** All exchanges with OpenAI's API that are written for the tests: well-formed ones, errors, malformed ones. */
export const ownExchanges: readonly OwnExchange[] = [
  ...chatExchanges,
  ...chatKindExchanges,
  ...chatStreamExchanges,
  ...responsesExchanges,
  ...responsesStreamExchanges,
  ...otherExchanges,
  ...errorExchanges,
  ...malformedExchanges,
];

/** The exchange with this id. */
export function ownExchange(id: string): OwnExchange {
  const found = [...ownExchanges, ...messagesExchanges].find((exchange) => exchange.id === id);
  if (found === undefined) throw new Error(`no exchange ${id}`);
  return found;
}
