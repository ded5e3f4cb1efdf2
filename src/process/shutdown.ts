import module from 'node:module';

/** The signals that end a process and that it can handle. */
const TERMINATION_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The work to do before a process ends. */
export interface ShutdownHandlers {
  /** The process ends now: settles what is open and sends what is recorded. Called once. */
  readonly onExit: () => void;
  /** The process may end now, without a further call: sends what is recorded so far. */
  readonly onPossibleExit: () => void;
}

/**
 * Calls the handlers right before the process ends: by itself, by `process.exit()`, by an uncaught error, or
 * by a signal. Signals that the host handles remain the host's: its handler decides, and the exit that it
 * starts calls ours. A signal without any other handler ends the process as it would have without us. Errors
 * of the handlers are ignored.
 *
 * @param receivesSignals whether this is the thread that receives signals
 */
export function handleShutdown({ onExit, onPossibleExit }: ShutdownHandlers, receivesSignals: boolean): void {
  let hasExited = false;
  const exitOnce = (): void => {
    if (hasExited) return;
    hasExited = true;
    runIgnoringErrors(onExit);
  };
  process.on('exit', exitOnce);
  if (!receivesSignals) return;
  for (const signal of TERMINATION_SIGNALS) {
    const handle = (): void => {
      process.removeListener(signal, handle);
      if (process.listenerCount(signal) === 0) {
        exitOnce();
        // As Node does at any other exit, for the next start.
        module.flushCompileCache();
        process.kill(process.pid, signal);
        return;
      }
      // A host's handler may end the process only if it is the last one, so ours is removed while it runs.
      setImmediate(() => process.prependListener(signal, handle));
      // The signal-exit package (of ora, inquirer and others) then ends the process without an exit event.
      if (hasSignalExit()) runIgnoringErrors(onPossibleExit);
    };
    process.on(signal, handle);
  }
}

/** Whether the signal-exit package, release 3 or 4, has been loaded. */
function hasSignalExit(): boolean {
  return '__signal_exit_emitter__' in process || Symbol.for('signal-exit emitter') in globalThis;
}

/** Runs a handler whose failure must not stop the exit of the host. */
function runIgnoringErrors(handler: () => void): void {
  try {
    handler();
  } catch {}
}
