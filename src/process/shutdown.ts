import module from 'node:module';
import { coverSelfKill } from './self-kill.ts';

/**
 * The signals that end a process from outside and that it can handle: of a supervisor, a terminal that closes, and tools that
 * restart programs (nodemon sends SIGUSR2). https://nodejs.org/api/process.html#signal-events
 */
const TERMINATION_SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32'
    ? ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK']
    : ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** What Windows ends a process with whose console is interrupted or closed (STATUS_CONTROL_C_EXIT), signed. */
const CONSOLE_EXIT_CODE = -1_073_741_510;

/** The work to do before a process ends. */
export interface ShutdownHandlers {
  /** The process ends now: settles what is open and sends what is recorded. Called once. */
  readonly onExit: () => void;
  /** The process may end now, without a further call: sends what is recorded so far. */
  readonly onPossibleExit: () => void;
}

/**
 * Calls the handlers right before the process ends: by itself, by `process.exit()`, by an uncaught error, by
 * a signal, or by one that it sends to itself. Signals that the host handles remain the host's: its handler decides, and the exit that it
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
  const exitBySignal = (): void => {
    exitOnce();
    // As Node does at any other exit, for the next start.
    module.flushCompileCache();
  };
  process.on('exit', exitOnce);
  if (!receivesSignals) return;
  const own = new Map<NodeJS.Signals, () => void>();
  for (const signal of TERMINATION_SIGNALS) {
    const handle = (): void => {
      process.removeListener(signal, handle);
      if (process.listenerCount(signal) === 0) {
        exitBySignal();
        endBySignal(signal);
        return;
      }
      // A host's handler may end the process only if it is the last one, so ours is removed while it runs.
      setImmediate(() => process.prependListener(signal, handle));
      // The signal-exit package (of ora, inquirer and others) then ends the process without an exit event.
      if (hasSignalExit()) runIgnoringErrors(onPossibleExit);
    };
    own.set(signal, handle);
    process.on(signal, handle);
  }
  coverSelfKill(own, exitBySignal);
}

/** Ends the process by the signal's default action. */
function endBySignal(signal: NodeJS.Signals): void {
  // On Windows a process cannot send itself the other two. https://nodejs.org/api/process.html#processkillpid-signal
  if (process.platform === 'win32' && (signal === 'SIGHUP' || signal === 'SIGBREAK')) {
    process.exit(CONSOLE_EXIT_CODE);
  }
  process.kill(process.pid, signal);
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
