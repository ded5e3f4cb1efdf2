import { StoreError } from '../../budget/index.ts';
import { createClient, isServerError, messageOf, type RedisClient } from './client.ts';

/** How long a connection may take at least, with its handshake, milliseconds; as long as a command where that is longer. */
const CONNECT_MS = 2_000;

/** The longest pause between two attempts to connect, milliseconds; the first is at once. */
const MAX_PAUSE_MS = 2_000;

/** How many commands may be under way or wait for the connection; more are refused at once. */
export const MAX_PENDING = 10_000;

/** A command on its way. Once it was `sent` nobody but the server knows what became of it. */
export interface Sending {
  readonly answer: Promise<unknown>;
  readonly sent: () => boolean;
  /** Does not send it, where it was not yet. */
  readonly cancel: () => void;
}

/**
 * One connection, made when it is first needed and made anew with a growing pause when it breaks. It never keeps the process
 * alive. While there is none, and none is being made, commands are refused at once.
 */
export class RedisConnection {
  readonly #url: string;
  readonly #onConnect: () => void;
  readonly #connectMs: number;
  /** Where the server is, without credentials. */
  readonly #where: string;
  #client: RedisClient | undefined;
  #connecting: { readonly client: RedisClient; readonly waiting: Set<() => void> } | undefined;
  #pause: NodeJS.Timeout | undefined;
  #attempts = 0;
  #failure: unknown;
  #pending = 0;
  #closed = false;

  /**
   * @param timeoutMs how long a command may take
   * @param onConnect called on each new connection, before the commands that wait for it are sent
   * @throws RangeError where `url` is not a URL of redis:// or rediss://
   */
  constructor(url: string, timeoutMs: number, onConnect: () => void) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol !== 'redis:' && parsed?.protocol !== 'rediss:') {
      throw new RangeError('the URL of a Redis store begins with redis:// or rediss://');
    }
    this.#url = url;
    this.#where = parsed.host;
    this.#connectMs = Math.max(CONNECT_MS, timeoutMs);
    this.#onConnect = onConnect;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** How many commands are under way. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Begins to connect, unless it was begun or is to be tried again later.
   * @throws StoreError where the client is not installed
   */
  open(): void {
    const begun = this.#client !== undefined || this.#connecting !== undefined || this.#pause !== undefined;
    if (!begun && !this.#closed) this.#connect();
  }

  /** Sends a command. Its answer rejects with a StoreError; nothing times it. */
  send(args: readonly string[]): Sending {
    let sent = false;
    let cancelled = false;
    const write = async (): Promise<unknown> => {
      // One tick later, so that the caller can cancel; in order all the same.
      await undefined;
      const client = this.#client ?? (await this.#ready());
      if (cancelled) throw new StoreError('The command was given up before it was sent.');
      sent = true;
      return client.sendCommand(args);
    };
    if (this.#pending >= MAX_PENDING) {
      const full = new StoreError(`${MAX_PENDING} commands wait for Redis at ${this.#where} already.`);
      return { answer: Promise.reject(full), sent: () => false, cancel: () => {} };
    }
    this.#pending += 1;
    const answer = write()
      .catch((error) => {
        throw this.#failed(error);
      })
      .finally(() => {
        this.#pending -= 1;
      });
    return {
      answer,
      sent: () => sent,
      cancel: () => {
        cancelled = true;
      },
    };
  }

  /** Gives up the connection, which does not answer, and makes another. */
  drop(reason: string): void {
    if (this.#client !== undefined) this.#lost(this.#client, new Error(reason));
  }

  /** Ends for good. What is under way is rejected. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
    const client = this.#client ?? this.#connecting?.client;
    this.#client = undefined;
    this.#failure = new Error('it was closed');
    this.#wake();
    if (client !== undefined) destroy(client);
  }

  async #ready(): Promise<RedisClient> {
    if (this.#closed || this.#pause !== undefined) throw this.#failure;
    this.open();
    const waiting = this.#connecting?.waiting;
    await new Promise<void>((resolve) => (waiting === undefined ? resolve() : waiting.add(resolve)));
    if (this.#client === undefined) throw this.#failure;
    return this.#client;
  }

  #connect(): void {
    const client = createClient(this.#url, this.#connectMs);
    this.#connecting = { client, waiting: new Set() };
    // Without a listener the error would end the process.
    client.on('error', (error) => this.#lost(client, error));
    const late = setTimeout(() => this.#lost(client, new Error('it does not answer')), this.#connectMs);
    late.unref();
    client.connect().then(
      () => {
        clearTimeout(late);
        this.#connected(client);
      },
      (error: unknown) => {
        clearTimeout(late);
        this.#lost(client, error);
      },
    );
  }

  #connected(client: RedisClient): void {
    if (this.#connecting?.client !== client || this.#closed) {
      destroy(client);
      return;
    }
    this.#client = client;
    this.#attempts = 0;
    this.#failure = undefined;
    this.#onConnect();
    this.#wake();
  }

  #lost(client: RedisClient, error: unknown): void {
    if (client !== this.#client && client !== this.#connecting?.client) return;
    this.#failure = error;
    this.#client = undefined;
    destroy(client);
    this.#wake();
    if (this.#closed) return;
    const most = Math.min(MAX_PAUSE_MS, 50 * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined;
        this.#connect();
      },
      most / 2 + (Math.random() * most) / 2,
    );
    this.#pause.unref();
  }

  /** Lets those go on who wait for the connection that was made, or was not. */
  #wake(): void {
    const waiting = this.#connecting?.waiting ?? [];
    this.#connecting = undefined;
    for (const resume of waiting) resume();
  }

  #failed(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (!isServerError(error)) {
      return new StoreError(
        `Redis at ${this.#where} cannot be reached: ${messageOf(this.#failure ?? error)}`,
        error,
      );
    }
    const text = messageOf(error);
    // The node became a replica: its name may lead to the new primary by now.
    if (text.startsWith('READONLY')) this.drop(text);
    // Without a password, scripts have too many arguments to be told NOAUTH.
    const hint = text.includes('unauthenticated') ? ' (NOAUTH: it wants a password, in the URL)' : '';
    return new StoreError(`Redis at ${this.#where} refused: ${text}${hint}`, error);
  }
}

function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}
