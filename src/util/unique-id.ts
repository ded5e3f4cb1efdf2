import { randomUUID } from 'node:crypto';

const PROCESS_ID = randomUUID();
let ids = 0;

/**
 * Returns an id that is unique among all processes: a counter after a UUID, since a UUID for each id costs
 * more.
 */
export function newUniqueId(): string {
  ids += 1;
  return `${PROCESS_ID}-${ids}`;
}
