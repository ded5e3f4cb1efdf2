import module from 'node:module';

/** The signals that end a process and that a process can see. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface ShutdownHandlers {
  /** The process ends now: what is open ends with it, and what is recorded has to be sent. Called once. */
  readonly onExit: () => void;
  /** The process may end now: what is recorded so far has to be sent. */
  readonly onPossibleExit: () => void;
}

/**
 * Has the last words said right before the process ends: by itself, by `process.exit()`, by an uncaught error, or by a
 * signal. Signals that the host handles stay the host's: its handler decides, and its exit has the last words said. A
 * signal that nobody else handles ends the process as it would have without us.
 *
 * @param ownsSignals whether this is the thread that sees signals
 */
export function handleShutdown({ onExit: finish, onPossibleExit: flush }: ShutdownHandlers, ownsSignals: boolean): void {
  let finished = false;
  const once = (): void => {
    if (finished) return;
    finished = true;
    quietly(finish);
  };
  process.on('exit', once);
  if (!ownsSignals) return;
  for (const signal of SIGNALS) {
    const handle = (): void => {
      process.removeListener(signal, handle);
      if (process.listenerCount(signal) === 0) {
        once();
        // As Node does at any other end, so that the next start finds it.
        module.flushCompileCache();
        process.kill(process.pid, signal);
        return;
      }
      // Handlers that end the process only where nobody else listens have to find nobody, so ours is away while they run.
      setImmediate(() => process.prependListener(signal, handle));
      // The signal-exit package (of ora, inquirer and others) then ends the process without an exit event.
      if (hasSignalExit()) quietly(flush);
    };
    process.on(signal, handle);
  }
}

/** Whether the signal-exit package was loaded, release 3 or release 4. */
function hasSignalExit(): boolean {
  return '__signal_exit_emitter__' in process || Symbol.for('signal-exit emitter') in globalThis;
}

/** The exit of the host goes on, whatever becomes of our last words. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {}
}
