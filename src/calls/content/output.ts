import { isRecord, recordsOf } from '../../util/index.ts';
import { chatMessage } from './chat-messages.ts';
import type { Message } from './parts.ts';
import { itemMessage } from './response-items.ts';

/**
 * Reads the content of a response, or of a stream that was put together: a message for each choice of Chat and
 * Completions, and one for the whole output of Responses.
 * @param finishReasons for a message whose choice has none
 */
export function outputMessages(response: unknown, finishReasons: readonly string[]): Message[] {
  if (!isRecord(response)) return [];
  const messages = Array.isArray(response['choices'])
    ? recordsOf(response['choices']).map(choiceMessage)
    : [generation(recordsOf(response['output']))];
  return messages
    .map((message, index) => withFinishReason(message, finishReasons[index]))
    .filter(({ parts }) => parts.length > 0);
}

function choiceMessage(choice: Readonly<Record<string, unknown>>): Message {
  const message = isRecord(choice['message']) ? choice['message'] : { content: choice['text'] };
  const { finish_reason: reason } = choice;
  return withFinishReason(chatMessage(message), typeof reason === 'string' ? reason : undefined);
}

/** Compacting a conversation also returns the user's messages, which the model did not generate. */
function generation(items: readonly Record<string, unknown>[]): Message {
  const parts = items.filter(({ role }) => role !== 'user').flatMap((item) => itemMessage(item).parts);
  return { role: 'assistant', parts };
}

function withFinishReason(message: Message, reason: string | undefined): Message {
  return reason === undefined || message.finish_reason !== undefined
    ? message
    : { ...message, finish_reason: reason };
}
