import { StoreError } from '../../../budget/index.ts';
import { backoffMs, formatValue, withTimeout } from '../../../util/index.ts';
import { createClient, isServerError, type RedisClient } from './client.ts';
import { ClusterNodes, parseRedirect } from './cluster-nodes.ts';
import { FirstContact } from './first-contact.ts';

/**
 * How long connecting may take, milliseconds: the handshake has several round trips, and more with TLS.
 */
const CONNECT_MS = 10_000;

/** The pauses before connecting again. */
const RECONNECT = { firstMs: 50, maxMs: 1_000 };

/**
 * After how many ticks without an answer to anything a connection is replaced, and how long a tick is,
 * milliseconds. Ticks and not the time are counted, since a process that is blocked reads no answers.
 */
const STALL_TICKS = 4;
const TICK_MS = 1_000;
/** How often a command follows the redirection of a cluster. */
const MAX_REDIRECTS = 5;

/** For how long a connection to a node that no longer serves the ledger is kept for its answers, milliseconds. */
const DRAIN_MS = 1_000;

/** How many commands may be in flight or wait for the connection; more are rejected at once. */
export const MAX_PENDING = 10_000;

/**
 * A command that was passed to a connection. Once it was sent, only the server knows whether it was executed.
 */
export interface PendingCommand {
  readonly answer: Promise<unknown>;
  readonly isSent: () => boolean;
  /** Does not send it if it was not sent yet. */
  readonly cancel: () => void;
}

/**
 * One connection, opened on first use and reopened with backoff if it breaks. It never keeps the process
 * alive. While it waits to reconnect, commands are rejected at once. In a cluster it goes to the node that
 * serves the ledger.
 */
export class RedisConnection {
  readonly #nodes: ClusterNodes;
  readonly #onConnect: () => void;
  readonly #contact: FirstContact;
  /** Host and port, without credentials. */
  readonly #host: string;
  #client: RedisClient | undefined;
  #connecting: { readonly client: RedisClient; readonly waiters: Set<() => void> } | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #failedAttempts = 0;
  #failure: unknown;
  #pending = 0;
  #watchTimer: NodeJS.Timeout | undefined;
  /** How many ticks have passed since the last answer. */
  #quietTicks = 0;
  #isClosed = false;

  /**
   * @param onConnect called on each new connection, before the commands that wait for it are sent
   * @param onFailure called with each failure of a connection
   * @throws RangeError if `url` is not a URL of redis:// or rediss://
   */
  constructor(url: string, onConnect: () => void, onFailure?: (error: StoreError) => void) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol !== 'redis:' && parsed?.protocol !== 'rediss:') {
      throw new RangeError(`got ${formatValue(url)}, expected a URL of redis:// or rediss://`);
    }
    this.#nodes = new ClusterNodes(url);
    this.#host = parsed.host;
    this.#onConnect = onConnect;
    this.#contact = new FirstContact(url, parsed.host, onFailure);
  }

  /** Whether there is a connection. */
  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Whether it was closed for good. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many commands are in flight. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Starts to connect, unless that was started or waits for a retry.
   * @throws StoreError if the client is not installed
   */
  open(): void {
    const isOpening =
      this.#client !== undefined || this.#connecting !== undefined || this.#reconnectTimer !== undefined;
    if (!isOpening && !this.#isClosed) this.#connect();
  }

  /** Sends a command. Its answer rejects with a StoreError; it has no timeout. */
  send(args: readonly string[]): PendingCommand {
    let isSent = false;
    let isCancelled = false;
    const write = async (): Promise<unknown> => {
      // One tick later, so that the caller can cancel it; the order stays the same.
      await undefined;
      const client = this.#client ?? (await this.#untilConnected());
      if (isCancelled) throw new StoreError('The command was cancelled before it was sent.');
      isSent = true;
      return this.#sendTo(client, args);
    };
    if (this.#pending >= MAX_PENDING) {
      const full = new StoreError(`${MAX_PENDING} commands are waiting for Redis at ${this.#host} already.`);
      return { answer: Promise.reject(full), isSent: () => false, cancel: () => {} };
    }
    if (this.#pending === 0) this.#quietTicks = 0;
    this.#pending += 1;
    this.#watchTimer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    const answer = write()
      .then(
        (value) => {
          this.#contact.answered();
          return value;
        },
        (error) => {
          throw this.#toStoreError(error);
        },
      )
      .finally(() => {
        this.#pending -= 1;
        this.#quietTicks = 0;
      });
    return {
      answer,
      isSent: () => isSent,
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  /** Replaces the connection, which does not answer. */
  reconnect(reason: string): void {
    if (this.#client !== undefined) this.#onLost(this.#client, new Error(reason));
  }

  /** Closes it for good. Commands in flight are rejected. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reconnectTimer);
    clearInterval(this.#watchTimer);
    const client = this.#client ?? this.#connecting?.client;
    this.#client = undefined;
    this.#failure = new Error('it was closed');
    this.#resumeWaiters();
    if (client !== undefined) destroyClient(client);
  }

  /** Sends a command, and again where a cluster redirects it: it was not executed then. */
  async #sendTo(client: RedisClient, args: readonly string[], redirects = 0): Promise<unknown> {
    try {
      return await client.sendCommand(args);
    } catch (error) {
      const redirect = parseRedirect(error);
      if (redirect === undefined || redirects === MAX_REDIRECTS || this.#isClosed) throw error;
      if (redirect.kind === 'ask') return this.#ask(this.#nodes.urlOf(redirect), args);
      if (client === this.#client) {
        this.#nodes.follow(redirect);
        this.#client = undefined;
        setTimeout(() => destroyClient(client), DRAIN_MS).unref();
        this.#connect();
      }
      return this.#sendTo(this.#client ?? (await this.#untilConnected()), args, redirects + 1);
    }
  }

  /** Sends a command to the node to which its keys are being moved. */
  async #ask(url: string, args: readonly string[]): Promise<unknown> {
    const client = createClient(url, CONNECT_MS);
    client.on('error', () => {});
    try {
      await client.connect();
      const [, answer] = await Promise.all([client.sendCommand(['ASKING']), client.sendCommand(args)]);
      return answer;
    } finally {
      destroyClient(client);
    }
  }

  async #untilConnected(): Promise<RedisClient> {
    if (this.#isClosed || this.#reconnectTimer !== undefined) throw this.#failure;
    this.open();
    const waiters = this.#connecting?.waiters;
    await new Promise<void>((resolve) => (waiters === undefined ? resolve() : waiters.add(resolve)));
    if (this.#client === undefined) throw this.#failure;
    return this.#client;
  }

  #connect(): void {
    const client = createClient(this.#nodes.url, CONNECT_MS);
    this.#connecting = { client, waiters: new Set() };
    // Without a listener, the error would end the process.
    client.on('error', (error) => this.#onLost(client, error));
    this.#contact.watch((mistake) => {
      if (client === this.#connecting?.client) this.#onLost(client, mistake);
    });
    const late = (): Error => new Error('it does not answer');
    withTimeout(client.connect(), CONNECT_MS, late, { keepsAliveMs: 0 }).then(
      () => this.#onConnected(client),
      (error: unknown) => this.#onLost(client, error),
    );
  }

  #onConnected(client: RedisClient): void {
    if (this.#connecting?.client !== client || this.#isClosed) {
      destroyClient(client);
      return;
    }
    this.#client = client;
    this.#failedAttempts = 0;
    this.#failure = undefined;
    client.sendCommand(['CLUSTER', 'NODES']).then(
      (answer) => this.#nodes.learn(answer),
      () => {
        // It is not one of a cluster, or does not say.
      },
    );
    this.#onConnect();
    this.#resumeWaiters();
  }

  #onLost(client: RedisClient, error: unknown): void {
    if (client !== this.#client && client !== this.#connecting?.client) return;
    this.#failure = error;
    this.#client = undefined;
    this.#contact.failed(error);
    this.#nodes.leave();
    destroyClient(client);
    this.#resumeWaiters();
    if (this.#isClosed) return;
    const pauseMs = backoffMs(this.#failedAttempts, RECONNECT);
    this.#failedAttempts += 1;
    this.#reconnectTimer = setTimeout(() => {
      this.#reconnectTimer = undefined;
      this.#connect();
    }, pauseMs).unref();
  }

  /** Replaces a connection on which nothing is answered. */
  #tick(): void {
    if (this.#pending === 0) {
      clearInterval(this.#watchTimer);
      this.#watchTimer = undefined;
      return;
    }
    this.#quietTicks += 1;
    if (this.#quietTicks < STALL_TICKS) return;
    this.#quietTicks = 0;
    this.reconnect(`it has not answered for ${(STALL_TICKS * TICK_MS) / 1_000} s`);
  }

  /** Resumes those that wait for the connection, whether or not it was made. */
  #resumeWaiters(): void {
    const waiters = this.#connecting?.waiters ?? [];
    this.#connecting = undefined;
    for (const resume of waiters) resume();
  }

  #toStoreError(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (!isServerError(error)) return this.#contact.toStoreError(this.#failure ?? error);
    // The node became a replica: its name may resolve to the new primary by now.
    if (error instanceof Error && error.message.startsWith('READONLY')) this.reconnect(error.message);
    return this.#contact.toStoreError(error);
  }
}

function destroyClient(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It is closed already.
  }
}
