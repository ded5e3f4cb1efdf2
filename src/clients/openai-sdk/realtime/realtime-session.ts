import { NOTHING } from '../../../budget/index.ts';
import {
  type Call,
  type CallServices,
  chargeUsage,
  identityAttributes,
  startCall,
} from '../../../calls/index.ts';
import { nanoToUsd } from '../../../pricing/index.ts';
import { type CallPlan, type Provider, providerOf, TRANSCRIPTION } from '../../../providers/index.ts';
import { budgetOfCall } from '../../../telemetry/context/index.ts';
import { semconv } from '../../../telemetry/names/index.ts';
import { readUsage, type TokenUsage, totalTokens } from '../../../usage/index.ts';
import {
  andThen,
  errorMessage,
  ignoreRejection,
  isPromise,
  isRecord,
  type MaybePromise,
} from '../../../util/index.ts';
import { InputTally } from './input-tally.ts';
import { realtimePlan, transcriptionPlan } from './realtime-plan.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A response that was requested and that the service has not started. */
interface RequestedResponse {
  readonly eventId: unknown;
  readonly call: MaybePromise<Call>;
}

/** The transcription model of a session that names none: the most expensive of those billed by tokens. */
const DEFAULT_TRANSCRIPTION_MODEL = 'gpt-4o-transcribe';

/**
 * A Realtime session. Each response is a call, reserved when it is requested, or when the service starts it
 * by itself (voice activity detection), and charged by the usage of `response.done`. One that the budget
 * cannot pay for is not sent, or is cancelled. Transcriptions of the input are charged as they arrive.
 */
export class RealtimeSession implements SocketSession {
  readonly #services: CallServices;
  readonly #socket: SdkSocket;
  readonly #send: (event: unknown) => void;
  readonly #provider: Provider;
  readonly #input = new InputTally();
  readonly #requested: RequestedResponse[] = [];
  readonly #started = new Map<string, MaybePromise<Call>>();
  #model: string;
  #transcriptionModel = DEFAULT_TRANSCRIPTION_MODEL;
  #settings: Fields = {};

  /** @param send sends an event past the patched methods */
  constructor(services: CallServices, socket: SdkSocket, send: (event: unknown) => void) {
    this.#services = services;
    this.#socket = socket;
    this.#send = send;
    const url = socket.url?.href.replace(/^ws/, 'http').replace(/\/realtime.*$/, '');
    this.#provider = providerOf({ baseURL: url });
    this.#model = socket.url?.searchParams.get('model') ?? '';
  }

  beforeSend(event: unknown): unknown {
    if (!isRecord(event)) return event;
    this.#input.recordSent(event);
    if (event['type'] !== 'response.create') return event;
    const response = isRecord(event['response']) ? event['response'] : {};
    return andThen(this.#startCall(response), (call) => {
      this.#requested.push({ eventId: event['event_id'] ?? null, call });
      const cap = call.reservation.clampedTo;
      return cap === undefined ? event : { ...event, response: { ...response, max_output_tokens: cap } };
    });
  }

  onEvent(event: unknown): void {
    if (!isRecord(event)) return;
    const { type } = event;
    if (type === 'session.created' || type === 'session.updated') this.#readSession(event['session']);
    else if (type === 'response.created') this.#onCreated(event['response']);
    else if (type === 'response.done') this.#onDone(event['response']);
    else if (type === 'conversation.item.input_audio_transcription.completed') this.#onTranscribed(event);
    else if (type === 'error') this.#onError(event['error']);
  }

  onClose(): void {
    const calls = [...this.#requested.splice(0).map(({ call }) => call), ...this.#started.values()];
    this.#started.clear();
    for (const call of calls) {
      void ignoreRejection(andThen(call, (open) => open.abandon('the connection was closed')));
    }
  }

  #startCall(response: Fields): MaybePromise<Call> {
    const cap = response['max_output_tokens'] ?? this.#settings['max_output_tokens'];
    const body = { ...response, max_output_tokens: cap ?? this.#settings['max_response_output_tokens'] };
    // The audio of a phone call or a WebRTC call does not pass through this socket.
    const isSideband = this.#socket.url?.searchParams.has('call_id') === true;
    const inputBound = isSideband ? Infinity : this.#input.bound;
    return startCall(this.#services, realtimePlan(this.#provider, this.#model, body, inputBound));
  }

  #readSession(session: unknown): void {
    if (!isRecord(session)) return;
    this.#settings = session;
    this.#input.recordSession(session);
    if (typeof session['model'] === 'string') this.#model = session['model'];
    const audio = isRecord(session['audio']) ? session['audio'] : {};
    const input = isRecord(audio['input']) ? audio['input'] : {};
    const transcription = input['transcription'] ?? session['input_audio_transcription'];
    if (isRecord(transcription) && typeof transcription['model'] === 'string')
      this.#transcriptionModel = transcription['model'];
  }

  #onCreated(response: unknown): void {
    const id = idOf(response);
    if (id === undefined || this.#started.has(id)) return;
    const requested = this.#requested.shift();
    if (requested !== undefined) {
      this.#started.set(id, requested.call);
      return;
    }
    try {
      const call = this.#startCall({});
      this.#started.set(id, call);
      if (isPromise(call)) call.catch((error: unknown) => this.#cancel(id, error));
    } catch (error) {
      this.#cancel(id, error);
    }
  }

  /**
   * Cancels a response that the service started by itself and the budget cannot pay for; its usage is
   * charged.
   */
  #cancel(id: string, error: unknown): void {
    this.#started.delete(id);
    this.#send({ type: 'response.cancel', response_id: id });
    this.#socket._onError(null, errorMessage(error), error);
  }

  #onDone(response: unknown): void {
    const id = idOf(response);
    if (id === undefined || !isRecord(response)) return;
    const call = this.#started.get(id) ?? this.#requested.shift()?.call;
    this.#started.delete(id);
    const { usage, inputKnown, outputKnown } = readUsage(response['usage']);
    const isKnown = inputKnown && outputKnown;
    if (isKnown) this.#input.recordResponse(totalTokens(usage));
    const chargeUnreserved = (): void => {
      if (isKnown) this.#charge(realtimePlan(this.#provider, this.#model, {}, 0), usage, 1);
    };
    if (call === undefined) chargeUnreserved();
    else if (isPromise(call)) call.then((open) => open.recordResponse(response), chargeUnreserved);
    else call.recordResponse(response);
  }

  #onTranscribed(event: Fields): void {
    const plan = transcriptionPlan(this.#provider, this.#transcriptionModel);
    const { usage, inputKnown, outputKnown } = TRANSCRIPTION.readUsage(
      event,
      plan,
      this.#services.prices.lookupSpent(plan.priceQuery),
    );
    if (inputKnown && outputKnown) this.#charge(plan, usage, 0);
  }

  /** Charges a usage that nothing was reserved for. */
  #charge(plan: CallPlan, usage: TokenUsage, calls: 0 | 1): void {
    const tracker = budgetOfCall(this.#services.tracker);
    const card = this.#services.prices.lookupSpent(plan.priceQuery);
    const { amounts } = chargeUsage(this.#services, plan, card, usage, {});
    const charged = { ...amounts, calls };
    tracker.emit({
      type: 'call',
      origin: 'realtime',
      budget: tracker.budget.name,
      operation: plan.endpoint.operation,
      model: plan.model,
      stream: true,
      usage,
      charged,
      attempts: NOTHING,
      source: 'response',
      durationMs: 0,
    });
    void ignoreRejection(tracker.chargeInBackground(charged));
    const attributes = { ...identityAttributes(plan), [semconv.ATTR_BUDGET_NAME]: tracker.budget.name };
    if (amounts.costNanoUsd > 0)
      this.#services.telemetry.instruments.cost.add(nanoToUsd(amounts.costNanoUsd), attributes);
  }

  /** An error in place of a requested response: the call costs nothing. */
  #onError(error: unknown): void {
    const eventId = isRecord(error) ? (error['event_id'] ?? null) : null;
    const index = this.#requested.findIndex((requested) => requested.eventId === eventId);
    if (index < 0) return;
    const [requested] = this.#requested.splice(index, 1);
    if (requested === undefined) return;
    void ignoreRejection(andThen(requested.call, (call) => call.recordFailure({ status: 400 }, 'request')));
  }
}

function idOf(response: unknown): string | undefined {
  return isRecord(response) && typeof response['id'] === 'string' ? response['id'] : undefined;
}
