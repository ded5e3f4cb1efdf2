import { type Call, type CallServices, StreamGuard, startCall } from '../../../calls/index.ts';
import { type ApiClient, outgoingBody, planRequest } from '../../../providers/index.ts';
import { andThen, isRecord } from '../../../util/index.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

/** The events that end a response. */
const FINAL_EVENTS: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** Responses over a WebSocket: one response after another, each of them a call as over HTTP. */
export class ResponsesSession implements SocketSession {
  readonly #services: CallServices;
  readonly #client: ApiClient;
  /** The responses that are under way, in the order in which they were requested. */
  readonly #active: { readonly call: Call; readonly guard: StreamGuard }[] = [];

  constructor(services: CallServices, socket: SdkSocket) {
    this.#services = services;
    this.#client = socket._client ?? {};
  }

  beforeSend(event: unknown): unknown {
    if (!isRecord(event) || event['type'] !== 'response.create') return event;
    const { type, ...body } = event;
    const plan = planRequest(this.#client, { method: 'post', path: '/responses', body, stream: true });
    if (plan === undefined) return event;
    return andThen(startCall(this.#services, plan), (call) => {
      this.#active.push({ call, guard: new StreamGuard(call, false) });
      const sent = outgoingBody(this.#services, plan, call.reservation.clampedTo).body;
      return sent === plan.body ? event : { type, ...sent };
    });
  }

  onEvent(event: unknown): void {
    const [current] = this.#active;
    if (!isRecord(event) || current === undefined) return;
    current.guard.accept(event);
    if (!FINAL_EVENTS.has(event['type'])) return;
    this.#active.shift();
    // An error in place of a response corresponds to an error status over HTTP.
    if (event['type'] === 'error') current.call.recordFailure({ status: 400 }, 'request');
    else current.guard.end('complete');
  }

  onClose(): void {
    for (const { guard } of this.#active.splice(0)) guard.end('cut');
  }
}
