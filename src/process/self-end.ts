import { constants } from 'node:os';
import type { SignalListeners } from './signal-listeners.ts';

/**
 * The signals that do not end a process which has no listener: by POSIX, and those that Node uses or ignores itself.
 * https://man7.org/linux/man-pages/man7/signal.7.html, https://nodejs.org/api/process.html#signal-events
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGINFO',
  'SIGPIPE',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGUSR1',
  'SIGWINCH',
  'SIGXFSZ',
]);

/** The signals that end a process on Windows, whoever listens. https://nodejs.org/api/process.html#signal-events */
const WINDOWS_ENDING: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGKILL']);

/**
 * Does the exit work before the process ends itself by `process.kill()`, as handlers do that send their signal once more. The
 * kernel delivers such a signal before the call returns, and there is no event for it, so the method is wrapped. A listener
 * would not do: the process would survive the call, and run the code after it.
 */
export function coverSelfKill(listeners: SignalListeners, onEnd: () => void): void {
  const { kill } = process;
  process.kill = function (this: unknown, ...args: Parameters<typeof kill>): true {
    const signal = endingSignal(args, listeners);
    if (signal !== undefined) {
      onEnd();
      listeners.stepAside(signal);
    }
    return Reflect.apply(kill, this, args);
  };
  nameAs(process.kill, kill);
}

/**
 * Does the exit work before `process.reallyExit()`, which ends the process without an event. Node does not document the
 * method, but calls it at the end of `process.exit()` so that programs can wrap it, as the signal-exit package does.
 */
export function coverReallyExit(onEnd: () => void): void {
  const reallyExit: unknown = Reflect.get(process, 'reallyExit');
  if (typeof reallyExit !== 'function') return;
  const covered = function (this: unknown, ...args: unknown[]): unknown {
    onEnd();
    return Reflect.apply(reallyExit, this, args);
  };
  nameAs(covered, reallyExit);
  Reflect.set(process, 'reallyExit', covered);
}

/** Gives a function the name and the length of the one that it replaces. */
function nameAs(
  replacement: object,
  { name, length }: { readonly name: string; readonly length: number },
): void {
  Object.defineProperty(replacement, 'name', { value: name });
  Object.defineProperty(replacement, 'length', { value: length });
}

/** The signal by which a call of `process.kill()` ends this process, or undefined where it does not. */
function endingSignal(
  [pid, given]: Parameters<typeof process.kill>,
  listeners: SignalListeners,
): NodeJS.Signals | undefined {
  // 0 is the group of this process; a negative number is a group, by the process that leads it.
  if (Number(pid) !== 0 && Math.abs(Number(pid)) !== process.pid) return undefined;
  const signal = signalNamed(given ?? 'SIGTERM');
  if (signal === undefined) return undefined;
  if (process.platform === 'win32') return WINDOWS_ENDING.has(signal) ? signal : undefined;
  if (HARMLESS.has(signal)) return undefined;
  return listeners.hasOthers(signal) ? undefined : signal;
}

/** The signal of a name or a number, or undefined where the system has none. */
function signalNamed(given: string | number): NodeJS.Signals | undefined {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === given || number === given) return name as NodeJS.Signals;
  }
  return undefined;
}
