import { isMainThread, postMessageToThread } from 'node:worker_threads';
import { EX_CONFIG, printLine } from '../util/index.ts';

/** A worker's message to the main thread: the line with which the process ends. */
interface ExitMessage {
  readonly 'otel-token-budget exit': string;
}

/** The id of the main thread. https://nodejs.org/api/worker_threads.html#worker_threadspostmessagetothreadthreadid-value-transferlist-timeout */
const MAIN_THREAD = 0;

/**
 * Ends the process with a line on stderr and exit code 78 (EX_CONFIG). `process.exit()` of a worker thread ends only the
 * thread, so a worker leaves it to the main thread, or ends alone if the main thread has no preload.
 */
export function exitForConfig(line: string): void {
  if (isMainThread) exitThread(line);
  const message: ExitMessage = { 'otel-token-budget exit': line };
  postMessageToThread(MAIN_THREAD, message).catch(() => exitThread(line));
}

/** Ends the process when a worker thread asks for it. Has no effect in a worker thread. */
export function exitForWorkers(): void {
  if (!isMainThread) return;
  process.on('workerMessage', (message: Partial<ExitMessage> | undefined) => {
    const line = message?.['otel-token-budget exit'];
    if (typeof line === 'string') exitThread(line);
  });
}

/** Ends this thread, and with the main thread the process, after the work of its exit. */
export function exitThread(line: string): never {
  printLine(line);
  process.exit(EX_CONFIG);
}
