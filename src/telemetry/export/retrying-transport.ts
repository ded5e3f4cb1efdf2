/** How an attempt to send ended, as the OTLP exporters' transports say. */
interface Outcome {
  readonly status: 'success' | 'failure' | 'retryable' | (string & {});
  /** What the receiver asked for, milliseconds. */
  readonly retryInMillis?: number;
}

interface Transport {
  send(data: Uint8Array, timeoutMillis: number): Promise<Outcome>;
  shutdown(): void;
}

/** Between attempts, milliseconds: twice as long each time. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 5_000;

/**
 * Sends again, for some minutes, what a Collector that is away, busy or starting again did not take. The exporters' own transport
 * gives up after the time of one export, 10 seconds. What waits is bounded by the number of exports under way.
 */
export class PatientTransport implements Transport {
  readonly #inner: Transport;
  readonly #patienceMs: number;
  readonly #wakers = new Set<() => void>();

  /** @param patienceMs how long after the first attempt the last one may begin */
  constructor(inner: Transport, patienceMs: number) {
    this.#inner = inner;
    this.#patienceMs = patienceMs;
  }

  async send(data: Uint8Array, timeoutMillis: number): Promise<Outcome> {
    const deadline = Date.now() + this.#patienceMs;
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const outcome = await this.#inner.send(data, timeoutMillis);
      const wait = Math.max(outcome.retryInMillis ?? 0, pause * (0.8 + 0.4 * Math.random()));
      if (outcome.status !== 'retryable' || Date.now() + wait > deadline) return outcome;
      const woken = await this.#sleep(wait);
      pause = woken ? FIRST_PAUSE_MS : Math.min(pause * 2, LAST_PAUSE_MS);
    }
  }

  /** Ends all pauses: what waits is tried at once. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  shutdown(): void {
    this.#inner.shutdown();
  }

  /** Whether it was woken. */
  #sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (woken: boolean) => () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve(woken);
      };
      const wake = end(true);
      const timer = setTimeout(end(false), ms);
      this.#wakers.add(wake);
    });
  }
}

/**
 * Puts a patient transport in the place of an exporter's retrying one. The exporters have no setting for it; their version is
 * pinned, and where their parts are others than these, they are left as they are.
 */
export function makePatient(exporter: object, patienceMs: number): PatientTransport | undefined {
  const delegate = Reflect.get(exporter, '_delegate') as
    | { _transport?: { _transport?: Transport } }
    | undefined;
  const inner = delegate?._transport?._transport;
  if (delegate === undefined || typeof inner?.send !== 'function') return undefined;
  const patient = new PatientTransport(inner, patienceMs);
  Reflect.set(delegate, '_transport', patient);
  return patient;
}
