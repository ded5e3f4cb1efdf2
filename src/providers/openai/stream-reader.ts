import { isRecord } from '../../util/index.ts';
import type { Endpoint, ParsedResponse } from '../contract/index.ts';
import { StreamAssembly } from './assembly/index.ts';
import { parseResponse } from './response.ts';

/** The events of Responses with text that is billed as it is. */
const ANSWER_DELTA =
  /^response\.(?:output_text|refusal|function_call_arguments|custom_tool_call_input)\.delta$/;

/**
 * Reads the events of a stream as they arrive, of Chat, Completions and Responses: usage, identity and the
 * generated text. The work per event does not grow with the stream. Never throws.
 */
export class StreamReader {
  readonly #endpoint: Endpoint;
  readonly #onText: ((text: string) => void) | undefined;
  /** Undefined unless content is captured. */
  readonly #assembly: StreamAssembly | undefined;
  readonly #texts: string[] = [];
  /** The texts that are billed as they are: no summaries of reasoning, no transcripts. */
  readonly #answers: string[] = [];
  #parsed: ParsedResponse | undefined;
  /** The finish reason of each choice that has begun; undefined for one that has not ended. */
  readonly #finishReasons: (string | undefined)[] = [];
  #usage: unknown;
  #identity: Record<string, unknown> = {};
  #error: unknown;

  /**
   * @param onText receives each piece of generated text
   * @param assembles whether the response is put together, to capture its content
   */
  constructor(endpoint: Endpoint, onText?: (text: string) => void, assembles = false) {
    this.#endpoint = endpoint;
    this.#onText = onText;
    this.#assembly = assembles ? new StreamAssembly() : undefined;
  }

  /** The response that was put together; undefined unless the constructor was told to. */
  get assembled(): unknown {
    return this.#assembly?.response();
  }

  /** Whether a plausible usage arrived. */
  get usageSeen(): boolean {
    const { inputKnown, outputKnown } = this.response().usage;
    return inputKnown && outputKnown;
  }

  /** The object that the stream describes, as its events last reported it. */
  get lastReported(): Readonly<Record<string, unknown>> {
    return { ...this.#identity, usage: this.#usage };
  }

  /** The error that an event of the stream reported; undefined if none did. */
  get error(): unknown {
    return this.#error;
  }

  /** The text generated so far, joined: the pieces of a text count more tokens than the text. */
  get texts(): readonly string[] {
    return this.#texts.length === 0 ? [] : [this.#texts.join('')];
  }

  /** The part of the text that is billed as it is, joined: no summaries of reasoning, no transcripts. */
  get answers(): readonly string[] {
    return this.#answers.length === 0 ? [] : [this.#answers.join('')];
  }

  /** Reads one event. */
  read(event: unknown): void {
    if (!isRecord(event)) return;
    this.#assembly?.read(event);
    if (typeof event['type'] === 'string') this.#readResponsesEvent(event['type'], event);
    else if (isRecord(event['data'])) this.#readObject(event['data']);
    else this.#readChunk(event);
  }

  /** The response as far as the stream has reported it. */
  response(): ParsedResponse {
    this.#parsed ??= parseResponse({ ...this.#identity, usage: this.#usage }, this.#endpoint);
    const finishReasons = this.#finishReasons.filter((reason) => reason !== undefined);
    return finishReasons.length === 0 ? this.#parsed : { ...this.#parsed, finishReasons };
  }

  /** The response of a stream that ended early: `error` is the finish reason of what has not ended. */
  cutResponse(): ParsedResponse {
    const response = this.response();
    if (this.#finishReasons.length > 0) {
      const finishReasons = Array.from(this.#finishReasons, (reason) => reason ?? 'error');
      return { ...response, finishReasons };
    }
    const isInProgress =
      this.#identity['status'] === 'in_progress' && this.#identity['object'] === 'response';
    return isInProgress ? { ...response, finishReasons: ['error'] } : response;
  }

  #readChunk(chunk: Record<string, unknown>): void {
    if (chunk['usage'] !== undefined && chunk['usage'] !== null) {
      this.#usage = chunk['usage'];
      this.#parsed = undefined;
    }
    this.#identify(chunk);
    const choices = chunk['choices'];
    if (!Array.isArray(choices)) return;
    for (const choice of choices) {
      if (!isRecord(choice)) continue;
      this.#readFinishReason(choice);
      this.#push(choice['text']);
      if (isRecord(choice['delta'])) this.#readDelta(choice['delta']);
    }
  }

  #readFinishReason({ index, finish_reason: reason }: Record<string, unknown>): void {
    const position = isChoiceIndex(index) ? index : 0;
    if (typeof reason === 'string') this.#finishReasons[position] = reason;
    else this.#finishReasons[position] ??= undefined;
  }

  #readDelta(delta: Record<string, unknown>): void {
    this.#push(delta['content']);
    this.#push(delta['refusal']);
    this.#push(delta['reasoning_content'], false);
    if (isRecord(delta['function_call'])) {
      this.#push(delta['function_call']['name']);
      this.#push(delta['function_call']['arguments']);
    }
    if (!Array.isArray(delta['tool_calls'])) return;
    for (const call of delta['tool_calls']) {
      const part: unknown = isRecord(call) ? (call['function'] ?? call['custom']) : undefined;
      if (!isRecord(part)) continue;
      this.#push(part['name']);
      this.#push(part['arguments']);
      this.#push(part['input']);
    }
  }

  #readResponsesEvent(type: string, event: Record<string, unknown>): void {
    if (type === 'error') this.#error = event;
    if (type.endsWith('.delta')) this.#push(event['delta'], ANSWER_DELTA.test(type));
    if (type === 'response.output_item.added' && isRecord(event['item'])) this.#push(event['item']['name']);
    // Images, speech and transcriptions report their usage in the last event itself.
    if (isRecord(event['usage'])) {
      this.#usage = event['usage'];
      this.#parsed = undefined;
    }
    if (isRecord(event['response'])) this.#readObject(event['response']);
  }

  /**
   * Reads the response, or the run of an assistant, in an event. The steps of a run report nothing of use.
   */
  #readObject(object: Record<string, unknown>): void {
    const { object: type } = object;
    if (type !== undefined && type !== 'response' && type !== 'thread.run') return;
    if (object['usage'] !== undefined && object['usage'] !== null) this.#usage = object['usage'];
    if (object['error'] !== undefined && object['error'] !== null) this.#error = object['error'];
    this.#identity = object;
    this.#parsed = undefined;
  }

  #identify(chunk: Record<string, unknown>): void {
    for (const key of ['id', 'model', 'service_tier', 'system_fingerprint'] as const) {
      const value = chunk[key];
      if (value !== undefined && value !== null && value !== '' && this.#identity[key] !== value) {
        this.#identity[key] = value;
        this.#parsed = undefined;
      }
    }
  }

  #push(text: unknown, isAnswer = true): void {
    if (typeof text !== 'string' || text === '') return;
    this.#texts.push(text);
    if (isAnswer) this.#answers.push(text);
    this.#onText?.(text);
  }
}

/** Whether a choice has a plausible index: the API takes an `n` of at most 128. */
function isChoiceIndex(index: unknown): index is number {
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < 128;
}
