import { constants } from 'node:os';

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
 *
 * @param own our listeners by signal, which do not count as the host's
 */
export function coverSelfKill(own: ReadonlyMap<NodeJS.Signals, () => void>, onEnd: () => void): void {
  const { kill } = process;
  process.kill = function (this: unknown, ...args: Parameters<typeof kill>): true {
    const signal = endingSignal(args, own);
    if (signal !== undefined) {
      const listener = own.get(signal);
      if (listener !== undefined) process.removeListener(signal, listener);
      onEnd();
    }
    return Reflect.apply(kill, this, args);
  };
  Object.defineProperty(process.kill, 'name', { value: kill.name });
  Object.defineProperty(process.kill, 'length', { value: kill.length });
}

/** The signal by which a call of `process.kill()` ends this process, or undefined where it does not. */
function endingSignal(
  [pid, given]: Parameters<typeof process.kill>,
  own: ReadonlyMap<NodeJS.Signals, () => void>,
): NodeJS.Signals | undefined {
  // 0 is the group of this process.
  if (Number(pid) !== process.pid && Number(pid) !== 0) return undefined;
  const signal = signalNamed(given ?? 'SIGTERM');
  if (signal === undefined) return undefined;
  if (process.platform === 'win32') return WINDOWS_ENDING.has(signal) ? signal : undefined;
  if (HARMLESS.has(signal)) return undefined;
  const listener = own.get(signal);
  const hosts = process.listeners(signal).some((one) => one !== listener);
  return hosts ? undefined : signal;
}

/** The signal of a name or a number, or undefined where the system has none. */
function signalNamed(given: string | number): NodeJS.Signals | undefined {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === given || number === given) return name as NodeJS.Signals;
  }
  return undefined;
}
