/** How long a signal to oneself may take, milliseconds. */
const DELIVERY_MS = 1_000;

/** The signals that ask a process to end. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface StopSignals {
  /** Aborted by the first of them. */
  readonly signal: AbortSignal;
  /** Which one it was; undefined while there was none. */
  readonly received: () => NodeJS.Signals | undefined;
  /** Listens no more. */
  readonly close: () => void;
}

/** Listens for the signals that ask the process to end. The second one ends it at once. */
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
    controller.abort(new Error(`the process was sent ${signal}`));
  };
  const close = (): void => {
    for (const signal of SIGNALS) process.removeListener(signal, handle);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return { signal: controller.signal, received: () => received, close };
}

/** Ends this process by a signal, as it would have ended without us. */
export function exitBySignal(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // A process that has nothing more to do would end before it is delivered, with another exit code.
  setTimeout(() => undefined, DELIVERY_MS);
}
