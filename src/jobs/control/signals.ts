/** The signals that ask a process to end; the third one by a terminal that closes, the fourth one on Windows only. */
const STOP_SIGNALS: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
];

/** How long a process stays alive for the delivery of its own signal, milliseconds. */
const DELIVERY_MS = 1_000;

/** The signals that ask the process to end, as they arrive. */
export interface StopSignals {
  /** Aborted by the first of them. */
  readonly signal: AbortSignal;
  /** Returns the signal that arrived, or undefined. */
  readonly received: () => NodeJS.Signals | undefined;
  /** Stops listening. */
  readonly close: () => void;
}

/** Listens for the signals that ask the process to end. A second one ends the process at once. */
export function listenForStopSignals(): StopSignals {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    if (received !== undefined) {
      close();
      process.kill(process.pid, signal);
      return;
    }
    received = signal;
    controller.abort(new Error(`the process received ${signal}`));
  };
  const close = (): void => {
    for (const signal of STOP_SIGNALS) process.removeListener(signal, handle);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, handle);
  return { signal: controller.signal, received: () => received, close };
}

/** Ends this process by a signal, as if the signal had not been handled. */
export function exitBySignal(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // An idle process would end before the delivery, with another exit code.
  setTimeout(() => undefined, DELIVERY_MS);
}
