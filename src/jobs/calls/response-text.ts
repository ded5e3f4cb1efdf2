import { type Fields, fieldsOf, listOf } from '../../util/index.ts';
import type { ResponseFault } from './response-error.ts';

/** Why the text of a response cannot be used. */
export interface ResponseProblem {
  readonly fault: ResponseFault;
  readonly message: string;
}

/** The text of a response of Chat or Responses. */
export interface ResponseText {
  readonly text: string;
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** Undefined if the text can be used. */
  readonly problem: ResponseProblem | undefined;
}

/** Reads the text of a response. Malformed fields count as absent. */
export function readResponseText(response: unknown): ResponseText {
  const fields = fieldsOf(response);
  const isChat = Array.isArray(fields['choices']);
  const output = isChat ? readChatOutput(fields) : readResponsesOutput(fields);
  return {
    text: output.text,
    id: stringOf(fields['id']),
    model: stringOf(fields['model']),
    problem: problemOf(output),
  };
}

interface ModelOutput {
  readonly text: string;
  readonly refusal: string;
  /** Why the output was truncated; undefined if it is complete. */
  readonly truncatedBy: string | undefined;
}

function readChatOutput(response: Fields): ModelOutput {
  const choice = fieldsOf(listOf(response['choices'])[0]);
  const message = fieldsOf(choice['message']);
  const finish = choice['finish_reason'];
  return {
    text: stringOf(message['content']) ?? '',
    refusal: stringOf(message['refusal']) ?? '',
    truncatedBy: finish === 'length' || finish === 'content_filter' ? finish : undefined,
  };
}

function readResponsesOutput(response: Fields): ModelOutput {
  const parts = listOf(response['output']).flatMap((item) => listOf(fieldsOf(item)['content']).map(fieldsOf));
  const join = (field: string): string => parts.map((part) => stringOf(part[field]) ?? '').join('');
  const reason = stringOf(fieldsOf(response['incomplete_details'])['reason']);
  return {
    text: join('text'),
    refusal: join('refusal'),
    truncatedBy: response['status'] === 'incomplete' ? (reason ?? 'incomplete') : undefined,
  };
}

function problemOf({ text, refusal, truncatedBy }: ModelOutput): ResponseProblem | undefined {
  if (refusal !== '') return { fault: 'refused', message: 'The model refused to answer.' };
  if (truncatedBy !== undefined) {
    return {
      fault: 'cut',
      message: `The response was truncated (${truncatedBy}): raise the output cap, or the budget that lowers it.`,
    };
  }
  if (text.trim() === '') return { fault: 'empty', message: 'The response has no text.' };
  return undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
