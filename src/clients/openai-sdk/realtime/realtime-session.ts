import { beginCall, type Call, type CallHost, identityAttributes, priceUsage } from '../../../calls/index.ts';
import { nanoToUsd } from '../../../pricing/index.ts';
import { type CallPlan, type Provider, providerOf, TRANSCRIPTION } from '../../../providers/index.ts';
import { currentBudget } from '../../../telemetry/context/index.ts';
import { semconv } from '../../../telemetry/names/index.ts';
import { readUsage, type TokenUsage, totalTokens } from '../../../usage/index.ts';
import { afterwards, isPromise, isRecord, type MaybePromise, quietly } from '../../../util/index.ts';
import { InputTally } from './input-tally.ts';
import { realtimePlan, transcriptionPlan } from './realtime-plan.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A response that was asked for and that the service has not begun. */
interface Asked {
  readonly eventId: unknown;
  readonly call: MaybePromise<Call>;
}

/** What transcribes where a session does not say it: the dearer of those that are billed by tokens. */
const TRANSCRIPTION_MODEL = 'gpt-4o-transcribe';

/**
 * A Realtime session: each response is a call, reserved when it is asked for, or when the service begins it by itself (voice
 * activity detection), and charged by the usage of `response.done`. One that cannot be paid for is not sent, or is
 * cancelled. Transcriptions of what was said are charged as they come.
 */
export class RealtimeSession implements SocketSession {
  readonly #host: CallHost;
  readonly #socket: SdkSocket;
  readonly #send: (event: unknown) => void;
  readonly #provider: Provider;
  readonly #tally = new InputTally();
  readonly #asked: Asked[] = [];
  readonly #begun = new Map<string, MaybePromise<Call>>();
  #model: string;
  #transcriptionModel = TRANSCRIPTION_MODEL;
  #settings: Fields = {};

  /** @param send sends an event of ours, past all that watches */
  constructor(host: CallHost, socket: SdkSocket, send: (event: unknown) => void) {
    this.#host = host;
    this.#socket = socket;
    this.#send = send;
    const url = socket.url?.href.replace(/^ws/, 'http').replace(/\/realtime.*$/, '');
    this.#provider = providerOf({ baseURL: url, constructor: { name: 'OpenAI' } });
    this.#model = socket.url?.searchParams.get('model') ?? '';
  }

  sending(event: unknown): unknown {
    if (!isRecord(event)) return event;
    this.#tally.add(event);
    if (event['type'] !== 'response.create') return event;
    const response = isRecord(event['response']) ? event['response'] : {};
    const begun = this.#begin(response);
    return afterwards(begun, (call) => {
      this.#asked.push({ eventId: event['event_id'] ?? null, call });
      const cap = call.reservation.clampedTo;
      return cap === undefined ? event : { ...event, response: { ...response, max_output_tokens: cap } };
    });
  }

  received(event: unknown): void {
    if (!isRecord(event)) return;
    const { type } = event;
    if (type === 'session.created' || type === 'session.updated') this.#readSession(event['session']);
    else if (type === 'response.created') this.#created(event['response']);
    else if (type === 'response.done') this.#done(event['response']);
    else if (type === 'conversation.item.input_audio_transcription.completed') this.#transcribed(event);
    else if (type === 'error') this.#refused(event['error']);
  }

  closed(): void {
    const calls = [...this.#asked.splice(0).map(({ call }) => call), ...this.#begun.values()];
    this.#begun.clear();
    for (const call of calls) {
      void quietly(afterwards(call, (open) => open.abandoned('the connection was closed')));
    }
  }

  #begin(response: Fields): MaybePromise<Call> {
    this.#host.beforeCall();
    const cap = response['max_output_tokens'] ?? this.#settings['max_output_tokens'];
    const body = { ...response, max_output_tokens: cap ?? this.#settings['max_response_output_tokens'] };
    // What is said in a call that others hold does not pass here.
    const bound = this.#socket.url?.searchParams.has('call_id') === true ? Infinity : this.#tally.bound;
    return beginCall(this.#host, realtimePlan(this.#provider, this.#model, body, bound));
  }

  #readSession(session: unknown): void {
    if (!isRecord(session)) return;
    this.#settings = session;
    this.#tally.settings(session);
    if (typeof session['model'] === 'string') this.#model = session['model'];
    const audio = isRecord(session['audio']) ? session['audio'] : {};
    const input = isRecord(audio['input']) ? audio['input'] : {};
    const transcription = input['transcription'] ?? session['input_audio_transcription'];
    if (isRecord(transcription) && typeof transcription['model'] === 'string')
      this.#transcriptionModel = transcription['model'];
  }

  #created(response: unknown): void {
    const id = idOf(response);
    if (id === undefined || this.#begun.has(id)) return;
    const asked = this.#asked.shift();
    if (asked !== undefined) {
      this.#begun.set(id, asked.call);
      return;
    }
    try {
      const call = this.#begin({});
      this.#begun.set(id, call);
      if (isPromise(call)) call.catch((error: unknown) => this.#cancel(id, error));
    } catch (error) {
      this.#cancel(id, error);
    }
  }

  /** A response that the service began by itself and that is not paid for. What it says until it ends is charged. */
  #cancel(id: string, error: unknown): void {
    this.#begun.delete(id);
    this.#send({ type: 'response.cancel', response_id: id });
    this.#socket._onError(null, error instanceof Error ? error.message : String(error), error);
  }

  #done(response: unknown): void {
    const id = idOf(response);
    if (id === undefined || !isRecord(response)) return;
    const call = this.#begun.get(id) ?? this.#asked.shift()?.call;
    this.#begun.delete(id);
    const { usage, inputKnown, outputKnown } = readUsage(response['usage']);
    const told = inputKnown && outputKnown;
    if (told) this.#tally.responded(totalTokens(usage));
    const unpaid = (): void => {
      if (told) this.#charge(realtimePlan(this.#provider, this.#model, {}, 0), usage, 1);
    };
    if (call === undefined) unpaid();
    else if (isPromise(call)) call.then((open) => open.answered(response), unpaid);
    else call.answered(response);
  }

  #transcribed(event: Fields): void {
    const plan = transcriptionPlan(this.#provider, this.#transcriptionModel);
    const { usage, inputKnown, outputKnown } = TRANSCRIPTION.read(event, plan, this.#cardOf(plan));
    if (inputKnown && outputKnown) this.#charge(plan, usage, 0);
  }

  /** Charges what no reservation was made for. */
  #charge(plan: CallPlan, usage: TokenUsage, calls: 0 | 1): void {
    const tracker = currentBudget() ?? this.#host.tracker;
    const { costNanoUsd } = priceUsage(this.#host.prices, plan, this.#cardOf(plan), usage, {});
    void quietly(tracker.charge({ costNanoUsd, tokens: totalTokens(usage), calls }));
    const attributes = { ...identityAttributes(plan), [semconv.ATTR_BUDGET_NAME]: tracker.budget.name };
    if (costNanoUsd > 0) this.#host.instruments.cost.add(nanoToUsd(costNanoUsd), attributes);
  }

  #cardOf({ model, provider }: CallPlan) {
    const { baseUrl } = provider;
    return this.#host.prices.lookup({ model, ...(baseUrl === undefined ? {} : { baseUrl }) });
  }

  /** An error in the place of a response that was asked for: it costs nothing. */
  #refused(error: unknown): void {
    const eventId = isRecord(error) ? (error['event_id'] ?? null) : null;
    const index = this.#asked.findIndex((asked) => asked.eventId === eventId);
    if (index < 0) return;
    const [asked] = this.#asked.splice(index, 1);
    if (asked === undefined) return;
    void quietly(afterwards(asked.call, (call) => call.failed({ status: 400 }, 'request')));
  }
}

function idOf(response: unknown): string | undefined {
  return isRecord(response) && typeof response['id'] === 'string' ? response['id'] : undefined;
}
