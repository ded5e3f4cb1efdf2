import { StoreError } from '../../budget/index.ts';
import { isServerError } from './client.ts';
import { RedisConnection, type Sending } from './connection.ts';
import { type Reply, replyOf } from './replies.ts';
import type { Script } from './scripts.ts';
import { ServerClock } from './server-clock.ts';
import { type ScriptParameters, type Undo, UndoList } from './undo-list.ts';

/** How often a script may ask for another try: at the turn of a window, and where many leases ended at once. */
const MAX_TRIES = 50;

/** A connection on which nothing was answered for so long is given up, milliseconds, or four times the timeout. */
const STALL_MS = 1_000;

const NO_DEADLINE = String(Number.MAX_SAFE_INTEGER);

/**
 * Runs scripts, each within the timeout. A script that comes to the server too late does nothing; of one that may have
 * been executed though its caller was told otherwise, the undo is run as soon as the server answers.
 */
export class ScriptRunner {
  readonly clock: ServerClock;
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  readonly #undos: UndoList;
  #quietSince = 0;

  constructor(url: string, timeoutMs: number, now: () => number) {
    this.clock = new ServerClock(now);
    this.#timeoutMs = timeoutMs;
    this.#connection = new RedisConnection(url, timeoutMs, () => {
      this.#quietSince = performance.now();
      this.#undos.flush();
    });
    this.#undos = new UndoList((undo) => this.#send(undo.script, undo, NO_DEADLINE));
  }

  /**
   * @param prepare makes keys and arguments for what the server's clock shows
   * @param undo takes back what these parameters did
   * @throws StoreError where the server cannot be reached, refuses, or does not answer in time
   */
  run(
    script: Script,
    prepare: (now: number) => ScriptParameters,
    undo?: (parameters: ScriptParameters) => Undo,
  ): Promise<Reply> {
    // Loading the package and making a client takes longer than a timeout may be, once.
    try {
      this.#connection.open();
    } catch (error) {
      return Promise.reject(error);
    }
    let over = false;
    let current: { sending: Sending; parameters: ScriptParameters } | undefined;
    const inDoubt = (): void => {
      if (undo !== undefined && current?.sending.sent() === true) {
        this.#undos.add(undo(current.parameters), this.#connection.connected);
      }
    };
    const attempts = async (): Promise<Reply> => {
      for (let tries = 0; tries < MAX_TRIES && !over; tries += 1) {
        const now = this.clock.now();
        const parameters = prepare(now);
        const deadline = String(now + this.#timeoutMs);
        const reply = await this.#send(script, parameters, deadline, (sending) => {
          current = { sending, parameters };
          if (over) sending.cancel();
        });
        if (reply.word === 'ok') return reply;
      }
      throw new StoreError('Redis asked for another try too often.');
    };
    return new Promise((resolve, reject) => {
      // It keeps the process alive while a caller waits, as the connection does not.
      let done = false;
      const giveUp = (): void => {
        if (done) return;
        over = true;
        current?.sending.cancel();
        inDoubt();
        this.#dropStalled();
        reject(new StoreError(`Redis did not answer within ${this.#timeoutMs} ms.`));
      };
      // Where the process was busy for long, the answer is there and only has to be read.
      const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), this.#timeoutMs);
      const finish = (): void => {
        done = true;
        clearTimeout(timer);
      };
      attempts().then(
        (reply) => {
          finish();
          resolve(reply);
        },
        (error: unknown) => {
          finish();
          if (!over && !refused(error)) inDoubt();
          reject(error);
        },
      );
    });
  }

  /** Waits for what is under way, no longer than the timeout, and ends for good. */
  async close(): Promise<void> {
    const until = performance.now() + this.#timeoutMs;
    while (this.#connection.pending > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#undos.close();
    this.#connection.close();
  }

  /** @param onSend called with each command before it is written */
  async #send(
    script: Script,
    { keys, args }: ScriptParameters,
    deadline: string,
    onSend?: (sending: Sending) => void,
  ): Promise<Reply> {
    const rest = [String(keys.length), ...keys, deadline, ...args];
    const ask = async (command: readonly string[]): Promise<Reply> => {
      if (this.#connection.pending === 0) this.#quietSince = performance.now();
      const sentAt = this.clock.local();
      const sending = this.#connection.send(command);
      onSend?.(sending);
      const reply = replyOf(await sending.answer);
      this.#quietSince = performance.now();
      this.clock.learn(reply.now, sentAt);
      return reply;
    };
    try {
      return await ask(['EVALSHA', script.sha, ...rest]);
    } catch (error) {
      // The server was restarted, or its scripts were flushed.
      if (!isNoScript(error)) throw error;
      return ask(['EVAL', script.source, ...rest]);
    }
  }

  #dropStalled(): void {
    const quietMs = performance.now() - this.#quietSince;
    if (this.#connection.connected && quietMs > Math.max(STALL_MS, 4 * this.#timeoutMs)) {
      this.#connection.drop(`nothing was answered for ${Math.round(quietMs)} ms`);
    }
  }
}

/** Whether the server answered and said that it did nothing. */
function refused(error: unknown): boolean {
  return error instanceof StoreError && error.cause !== undefined && isServerError(error.cause);
}

function isNoScript(error: unknown): boolean {
  return (
    error instanceof StoreError && error.cause instanceof Error && error.cause.message.startsWith('NOSCRIPT')
  );
}
