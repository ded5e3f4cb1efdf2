import { randomUUID } from 'node:crypto';

const PROCESS = randomUUID();
let calls = 0;

/** An id that no other call has, of this process or another: made with each call, so not a new UUID each time. */
export function newCallId(): string {
  calls += 1;
  return `${PROCESS}-${calls}`;
}
