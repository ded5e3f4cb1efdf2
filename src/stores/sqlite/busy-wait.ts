import { setTimeout as sleep } from 'node:timers/promises';

/** The longest pause between two attempts, milliseconds. */
const LONGEST_MS = 25;

/**
 * Waits before a file that is locked is tried again: longer each time, at random so that processes do not meet again, and not
 * past the deadline.
 * @param deadline milliseconds, by `performance.now()`
 */
export async function pauseBefore(attempt: number, deadline: number): Promise<void> {
  const longest = Math.min(LONGEST_MS, 2 ** attempt);
  const left = Math.max(0, deadline - performance.now());
  await sleep(Math.min(left, longest * (0.5 + Math.random() / 2)));
}
