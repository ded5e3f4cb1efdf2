import { type Fields, fieldsOf, listOf } from '../../util/index.ts';
import type { ResponseFault } from './response-error.ts';

/** What an answer of Chat or Responses says. */
export interface ResponseText {
  readonly text: string;
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** Undefined where the text can be used. */
  readonly problem: { readonly fault: ResponseFault; readonly message: string } | undefined;
}

/** Reads an answer; what is malformed in it is taken for absent. */
export function readResponseText(answer: unknown): ResponseText {
  const fields = fieldsOf(answer);
  const chat = Array.isArray(fields['choices']);
  const { text, refusal, cut } = chat ? chatText(fields) : responsesText(fields);
  return {
    text,
    id: textOf(fields['id']),
    model: textOf(fields['model']),
    problem: faultOf(text, refusal, cut),
  };
}

interface Said {
  readonly text: string;
  readonly refusal: string;
  /** Why it ended before its end; undefined where it did not. */
  readonly cut: string | undefined;
}

function chatText(answer: Fields): Said {
  const choice = fieldsOf(listOf(answer['choices'])[0]);
  const message = fieldsOf(choice['message']);
  const finish = choice['finish_reason'];
  return {
    text: textOf(message['content']) ?? '',
    refusal: textOf(message['refusal']) ?? '',
    cut: finish === 'length' || finish === 'content_filter' ? finish : undefined,
  };
}

function responsesText(answer: Fields): Said {
  const parts = listOf(answer['output']).flatMap((item) => listOf(fieldsOf(item)['content']).map(fieldsOf));
  const join = (field: string): string => parts.map((part) => textOf(part[field]) ?? '').join('');
  const why = textOf(fieldsOf(answer['incomplete_details'])['reason']);
  return {
    text: join('text'),
    refusal: join('refusal'),
    cut: answer['status'] === 'incomplete' ? (why ?? 'incomplete') : undefined,
  };
}

function faultOf(text: string, refusal: string, cut: string | undefined): ResponseText['problem'] {
  if (refusal !== '') return { fault: 'refused', message: 'The model refused to answer.' };
  if (cut !== undefined) {
    return {
      fault: 'cut',
      message: `The answer was cut short (${cut}): raise the output cap, or what the budget leaves for it.`,
    };
  }
  if (text.trim() === '') return { fault: 'empty', message: 'The answer has no text.' };
  return undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
