import { failOpen } from '../../telemetry/api/index.ts';
import type { Call } from '../call.ts';

/** Ends the calls of responses that were collected as garbage before they were read to the end. */
const collected = new FinalizationRegistry<Call>((call) => {
  failOpen('abandoning a call', () => call.abandon('nothing read it'));
});

/** Abandons the call, unless it has ended, once nothing references `response` any more. */
export function abandonIfCollected(response: object, call: Call): void {
  registered.add(response);
  collected.register(response, call);
}

/** The responses that are, or were, registered. */
const registered = new WeakSet<object>();

/** A response whose headers arrived, and whether the SDK reads its body. */
interface PendingResponse {
  readonly call: Call;
  readonly parsed: boolean;
}

let pending: { response: object; sent: PendingResponse }[] = [];

/**
 * Abandons the call of an SDK response that nothing reads. Most are being read by the next turn of the event
 * loop and are not registered: entries of a FinalizationRegistry are expensive to add and to collect. A
 * stream is always registered, since it may never be iterated.
 */
export function abandonIfUnread(response: object, sent: PendingResponse): void {
  pending.push({ response, sent });
  if (pending.length > 1) return;
  setImmediate(() => {
    const responses = pending;
    pending = [];
    for (const one of responses) {
      const { call, parsed } = one.sent;
      const isPending = !parsed || call.plan.stream;
      if (isPending && !registered.has(one.response)) abandonIfCollected(one.response, call);
    }
  }).unref();
}
