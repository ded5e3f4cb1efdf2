import type { Worker } from 'node:worker_threads';

/** How often a thread is looked after while it is waited for, milliseconds. */
const LOOK_MS = 10;

/** The value of a thread's answer until it has one. */
const NO_ANSWER = 0;

/** How a wait ended: the thread answered, it ended without an answer, or the time was over. */
export type ThreadWait = 'answered' | 'ended' | 'timed out';

/**
 * Blocks until a thread answers, by a value other than 0 and `Atomics.notify`, or ends. The event of its end does not
 * arrive while this thread is blocked, so its state is polled.
 */
export function waitForThread(worker: Worker, answer: Int32Array, timeoutMs: number): ThreadWait {
  const end = performance.now() + timeoutMs;
  noteThreadRuns(worker);
  for (;;) {
    const leftMs = end - performance.now();
    if (leftMs > 0) Atomics.wait(answer, 0, NO_ANSWER, Math.min(leftMs, LOOK_MS));
    // Looked at before the answer, which may be the last thing that it does.
    const isOver = hasEnded(worker);
    if (Atomics.load(answer, 0) !== NO_ANSWER) return 'answered';
    if (isOver) return 'ended';
    if (leftMs <= 0) return 'timed out';
  }
}

/**
 * Lets later waits see the end of a thread whose event loop runs. The worker remembers when the loop started, and cannot
 * ask any more once the thread has ended.
 */
export function noteThreadRuns(worker: Worker): void {
  hasEnded(worker);
}

/**
 * Whether a thread is known to have ended: the idle time of its event loop is -1 from then on. A thread that is not known to
 * be online counts as alive, as does any in a release of Node that says otherwise.
 */
function hasEnded(worker: Worker): boolean {
  return worker.performance.eventLoopUtilization().idle < 0;
}
