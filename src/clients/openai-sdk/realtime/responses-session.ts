import { type Call, type CallServices, StreamGuard, startCall } from '../../../calls/index.ts';
import { type ApiClient, outgoingBody, planRequest } from '../../../providers/index.ts';
import { andThen, isRecord } from '../../../util/index.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

/** The events that end a response. */
const ENDS: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** Responses over a WebSocket: the events of one response after another, each a call like those over HTTP. */
export class ResponsesSession implements SocketSession {
  readonly #services: CallServices;
  readonly #client: ApiClient;
  readonly #open: { readonly call: Call; readonly meter: StreamGuard }[] = [];

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
      this.#open.push({ call, meter: new StreamGuard(call, false) });
      const sent = outgoingBody(this.#services, plan, call.reservation.clampedTo).body;
      return sent === plan.body ? event : { type, ...sent };
    });
  }

  onEvent(event: unknown): void {
    const [current] = this.#open;
    if (!isRecord(event) || current === undefined) return;
    current.meter.accept(event);
    if (!ENDS.has(event['type'])) return;
    this.#open.shift();
    // An error in the place of an answer is what an error status is over HTTP.
    if (event['type'] === 'error') current.call.recordFailure({ status: 400 }, 'request');
    else current.meter.end('complete');
  }

  onClose(): void {
    for (const { meter } of this.#open.splice(0)) meter.end('cut');
  }
}
