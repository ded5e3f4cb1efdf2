/** The signals that end a process and that a process can see. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs `finish` once, right before the process ends: by itself, by `process.exit()`, by an uncaught error, or by a
 * signal. Signals that the host handles stay the host's: its handler decides, and its exit runs `finish`. A signal that
 * nobody else handles ends the process as it would have without us.
 *
 * @param ownsSignals whether this is the thread that sees signals
 */
export function atExit(finish: () => void, ownsSignals: boolean): void {
  let finished = false;
  const once = (): void => {
    if (finished) return;
    finished = true;
    try {
      finish();
    } catch {
      // The exit of the host goes on, whatever became of our last words.
    }
  };
  process.on('exit', once);
  if (!ownsSignals) return;
  for (const signal of SIGNALS) {
    const handle = (): void => {
      if (process.listeners(signal).some((listener) => listener !== handle)) return;
      once();
      process.removeListener(signal, handle);
      process.kill(process.pid, signal);
    };
    process.on(signal, handle);
  }
}
