import { StoreError, StoreSetupError } from '../../../budget/index.ts';
import { isServerError, messageOf } from './client.ts';
import { expectedByServer, expectedOfConnection } from './setup-mistakes.ts';
import { speaksOtherProtocol } from './tls-probe.ts';

/** After how long without a TLS connection the server is asked whether it speaks plain text, milliseconds. */
const TLS_MS = 500;

/** For how long a server may be a replica before that counts as a mistake, milliseconds: one may be taking over. */
const REPLICA_MS = 500;

/** Failures that a server of the other protocol causes: it closes the connection. */
const CLOSED = /ECONNRESET|EPIPE|[Ss]ocket closed|disconnected/;

/**
 * Explains why a server cannot be used. Until it has answered once, a failure that will not pass by itself is a
 * StoreSetupError; after that every failure is an outage.
 */
export class FirstContact {
  readonly #url: string;
  readonly #host: string;
  readonly #onFailure: ((error: StoreError) => void) | undefined;
  #hasAnswered = false;
  #probe: Promise<void> | undefined;
  #isProbing = false;
  #mistake: StoreSetupError | undefined;
  #replicaSince: number | undefined;

  /**
   * @param host host and port, without credentials
   * @param onFailure called with each failure of a connection
   */
  constructor(url: string, host: string, onFailure: ((error: StoreError) => void) | undefined) {
    this.#url = url;
    this.#host = host;
    this.#onFailure = onFailure;
  }

  /** The server has answered a command: from now on every failure is an outage. */
  answered(): void {
    this.#hasAnswered = true;
    this.#mistake = undefined;
  }

  /**
   * Watches a TLS connection that is being made: a server that speaks plain text leaves it waiting.
   * @param onMistake called if the server turns out to be one
   */
  watch(onMistake: (mistake: StoreSetupError) => void): void {
    if (this.#hasAnswered || !this.#url.startsWith('rediss:')) return;
    const look = async (): Promise<void> => {
      await this.#probeOnce();
      if (this.#mistake !== undefined) onMistake(this.#mistake);
    };
    setTimeout(() => void look(), TLS_MS).unref();
  }

  /** Reports that a connection failed. */
  failed(error: unknown): void {
    // A replica is connected to again, and says so by its answer.
    if (messageOf(error).startsWith('READONLY')) return;
    const report = (): void => this.#onFailure?.(this.toStoreError(error));
    if (this.#hasAnswered) report();
    else if (this.#probe === undefined && CLOSED.test(messageOf(error))) void this.#probeOnce().then(report);
    else if (!this.#isProbing) report();
  }

  /** Turns the failure of a connection, or a refusal of the server, into the error that callers get. */
  toStoreError(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (this.#mistake !== undefined) return this.#mistake;
    const isRefusal = isServerError(error);
    const text = messageOf(error);
    // Without a password, the server rejects a script for its many arguments before it says NOAUTH.
    const hint = isRefusal && text.includes('unauthenticated') ? ' (NOAUTH: the URL needs a password)' : '';
    const message = `Redis at ${this.#host} ${isRefusal ? 'refused' : 'cannot be reached'}: ${text}${hint}`;
    const expected = this.#hasAnswered
      ? undefined
      : isRefusal
        ? this.#expected(text)
        : expectedOfConnection(error);
    return expected === undefined
      ? new StoreError(message, error)
      : new StoreSetupError(message, expected, error);
  }

  #expected(refusal: string): string | undefined {
    if (!refusal.startsWith('READONLY')) return expectedByServer(refusal);
    const now = performance.now();
    this.#replicaSince ??= now;
    return now - this.#replicaSince < REPLICA_MS
      ? undefined
      : 'the URL of a primary, not of a read-only replica';
  }

  #probeOnce(): Promise<void> {
    this.#probe ??= this.#findProtocol();
    return this.#probe;
  }

  async #findProtocol(): Promise<void> {
    this.#isProbing = true;
    const isOther = await speaksOtherProtocol(this.#url);
    this.#isProbing = false;
    if (!isOther || this.#hasAnswered) return;
    this.#mistake = this.#url.startsWith('rediss:')
      ? new StoreSetupError(
          `Redis at ${this.#host} does not speak TLS.`,
          'redis://, or a port where the server speaks TLS',
        )
      : new StoreSetupError(
          `The server at ${this.#host} speaks TLS.`,
          'rediss:// for a port where the server speaks TLS',
        );
  }
}
