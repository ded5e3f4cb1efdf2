import type { Call } from '../call.ts';
import { safely } from '../fail-open.ts';

/** Ends the calls of answers that nobody read and nobody holds any more. */
const unread = new FinalizationRegistry<Call>((call) => {
  safely('an abandoned call', () => call.abandoned('nobody read it'));
});

/** Ends the call, where it has not ended by then, once nothing holds the answer: a response, or the stream that is read of it. */
export function endIfDropped(answer: object, call: Call): void {
  unread.register(answer, call);
}

/** A call whose answer came, and whether the SDK reads it. */
interface Came {
  readonly call: Call;
  readonly parsed: boolean;
}

let came: { answer: object; sent: Came }[] = [];

/**
 * The same of a response of the SDK. Most are being read in the next turn of the event loop, and need no place in the registry:
 * entries of it are dear, when they are made and when garbage is collected. A stream may never be iterated.
 */
export function endIfUnread(answer: object, sent: Came): void {
  came.push({ answer, sent });
  if (came.length > 1) return;
  setImmediate(() => {
    const all = came;
    came = [];
    for (const one of all) {
      const { call, parsed } = one.sent;
      if (!parsed || call.plan.stream) endIfDropped(one.answer, call);
    }
  }).unref();
}
