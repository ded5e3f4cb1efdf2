import module from 'node:module';
import { coverReallyExit, coverSelfKill } from './self-end.ts';
import { SignalListeners } from './signal-listeners.ts';

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
  /**
   * The process ends now: settles what is open and sends what is recorded, before it returns. Called again only if the
   * process survives, as the first process of a container survives a signal that it does not handle.
   */
  readonly onExit: () => void;
  /**
   * The process was asked to end, the host decides when, and whoever asked may kill it before: starts to return what is
   * not in use and to send what is recorded, without waiting. May be called more than once.
   */
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
  let isDone = false;
  let listeners: SignalListeners | undefined;
  const exitOnce = (): void => {
    if (isDone) return;
    isDone = true;
    // If the event loop turns once more, the process lives on, and ends another time.
    setImmediate(() => {
      isDone = false;
    }).unref();
    listeners?.holdOff();
    runIgnoringErrors(onExit);
  };
  const exitWithoutEvent = (): void => {
    exitOnce();
    // As Node does at any other exit, for the next start.
    module.flushCompileCache();
  };
  process.on('exit', exitOnce);
  if (!receivesSignals) return;
  const own = new SignalListeners(TERMINATION_SIGNALS, {
    onEnd: (signal) => {
      exitWithoutEvent();
      own.stepAside(signal);
      endBySignal(signal);
    },
    onHosts: () => runIgnoringErrors(onPossibleExit),
  });
  listeners = own;
  coverSelfKill(own, exitWithoutEvent);
  coverReallyExit(exitWithoutEvent);
  // For code that imports the methods by their names.
  module.syncBuiltinESMExports();
}

/** Ends the process by the signal's default action. */
function endBySignal(signal: NodeJS.Signals): void {
  // On Windows a process cannot send itself the other two. https://nodejs.org/api/process.html#processkillpid-signal
  if (process.platform === 'win32' && (signal === 'SIGHUP' || signal === 'SIGBREAK')) {
    process.exit(CONSOLE_EXIT_CODE);
  }
  process.kill(process.pid, signal);
}

/** Runs a handler whose failure must not stop the exit of the host. */
function runIgnoringErrors(handler: () => void): void {
  try {
    handler();
  } catch {}
}
