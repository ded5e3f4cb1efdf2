import type { Call } from './call.ts';
import { safely } from './safely.ts';

/** Ends the calls of answers that nobody read and nobody holds any more. */
const unread = new FinalizationRegistry<Call>((call) => {
  safely('an abandoned call', () => call.abandoned('nobody read it'));
});

/** Ends the call, where it has not ended by then, once nothing holds the answer: a response, or the stream that is read of it. */
export function endIfDropped(answer: object, call: Call): void {
  unread.register(answer, call);
}
