import { StoreError } from '../../../budget/index.ts';
import { withTimeout } from '../../../util/index.ts';
import type { LedgerMemory } from '../memory/index.ts';
import { parseReply, type ScriptReply } from '../replies.ts';
import type { Script } from '../scripts.ts';
import { isServerError } from './client.ts';
import { type PendingCommand, RedisConnection } from './connection.ts';
import { ServerClock } from './server-clock.ts';
import { type ScriptParameters, type Undo, UndoList } from './undo-list.ts';

/** How often a script may ask to be retried: at the end of a window, and if many leases end at once. */
const MAX_TRIES = 50;

/**
 * After how long without an answer a connection is replaced, milliseconds; or four times the timeout, if
 * longer.
 */
const STALL_MS = 1_000;

const NO_DEADLINE = String(Number.MAX_SAFE_INTEGER);

/** A script to run. */
export interface ScriptRun {
  readonly script: Script;
  /** Makes keys and arguments for the server's present time. */
  readonly prepare: (now: number) => ScriptParameters;
  /** Undoes what the script did with these parameters. */
  readonly undo?: (parameters: ScriptParameters) => Undo;
}

/** The state of a run: its last command, and whether the caller has given up. */
interface RunState {
  last: { readonly command: PendingCommand; readonly parameters: ScriptParameters } | undefined;
  isTimedOut: boolean;
}

/**
 * Runs scripts, each within the timeout. A script that reaches the server too late does nothing. If one may
 * have been executed although its caller was told that it failed, it is undone as soon as the server answers.
 */
export class ScriptRunner {
  readonly clock: ServerClock;
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  readonly #undos: UndoList;
  readonly #memory: LedgerMemory;
  /** Since when the server has not answered, by `performance.now()`. */
  #quietSince = 0;

  constructor(url: string, timeoutMs: number, now: () => number, memory: LedgerMemory) {
    this.#memory = memory;
    this.clock = new ServerClock(now);
    this.#timeoutMs = timeoutMs;
    this.#connection = new RedisConnection(url, timeoutMs, () => {
      this.#quietSince = performance.now();
      this.#undos.flush();
    });
    this.#undos = new UndoList((undo) => this.#execute(undo.script, undo, NO_DEADLINE));
  }

  /**
   * Runs a script, and returns its answer.
   * @throws StoreError if the server cannot be reached, refuses, or does not answer in time
   */
  async run(run: ScriptRun): Promise<ScriptReply> {
    // Before the timer starts: the first time, loading the package may take longer than the timeout.
    this.#connection.open();
    const state: RunState = { last: undefined, isTimedOut: false };
    try {
      return await withTimeout(this.#executeUntilDone(run, state), this.#timeoutMs, () =>
        this.#timeOut(state),
      );
    } catch (error) {
      if (!isRefusal(error)) this.#undoLast(run, state);
      throw error;
    }
  }

  /**
   * Sends a command that is no script, and returns its answer.
   * @param keepsAlive whether the process stays alive for it
   * @throws StoreError as {@link run} does
   */
  command(args: readonly string[], keepsAlive: boolean): Promise<unknown> {
    this.#connection.open();
    const late = (): StoreError => new StoreError(`Redis did not answer within ${this.#timeoutMs} ms.`);
    return withTimeout(this.#connection.send(args).answer, this.#timeoutMs, late, { keepsAlive });
  }

  /** Waits for commands in flight, at most as long as the timeout, and closes the connection. */
  async close(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    while (this.#connection.pending > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#undos.close();
    this.#connection.close();
  }

  /** Executes the script, again as long as it asks for that. */
  async #executeUntilDone({ script, prepare }: ScriptRun, state: RunState): Promise<ScriptReply> {
    for (let tries = 0; tries < MAX_TRIES && !state.isTimedOut; tries += 1) {
      const now = this.clock.now();
      const parameters = prepare(now);
      const deadline = String(now + this.#timeoutMs);
      const reply = await this.#execute(script, parameters, deadline, (command) => {
        state.last = { command, parameters };
        if (state.isTimedOut) command.cancel();
      });
      if (reply.word === 'ok') return reply;
    }
    throw new StoreError('Redis asked for another try too often.');
  }

  /** @param onSend called with each command before it is written */
  async #execute(
    script: Script,
    { keys, args }: ScriptParameters,
    deadline: string,
    onSend?: (command: PendingCommand) => void,
  ): Promise<ScriptReply> {
    const rest = [String(keys.length), ...keys, this.#memory.known.envelope(deadline), ...args];
    try {
      return await this.#send(['EVALSHA', script.sha, ...rest], onSend);
    } catch (error) {
      // The server was restarted, or its scripts were flushed.
      if (!isNoScript(error)) throw error;
      return this.#send(['EVAL', script.source, ...rest], onSend);
    }
  }

  async #send(args: readonly string[], onSend?: (command: PendingCommand) => void): Promise<ScriptReply> {
    if (this.#connection.pending === 0) this.#quietSince = performance.now();
    const sentAt = this.clock.local();
    const sentId = this.#memory.known.id;
    const command = this.#connection.send(args);
    onSend?.(command);
    const reply = parseReply(await command.answer);
    this.#quietSince = performance.now();
    this.clock.learn(reply.now, sentAt);
    this.#memory.learn(reply, sentId);
    return reply;
  }

  #timeOut(state: RunState): StoreError {
    state.isTimedOut = true;
    state.last?.command.cancel();
    this.#replaceStalledConnection();
    return new StoreError(`Redis did not answer within ${this.#timeoutMs} ms.`);
  }

  #undoLast({ undo }: ScriptRun, { last }: RunState): void {
    if (undo === undefined || last?.command.isSent() !== true) return;
    this.#undos.add(undo(last.parameters), this.#connection.isConnected);
  }

  #replaceStalledConnection(): void {
    const quietMs = performance.now() - this.#quietSince;
    if (this.#connection.isConnected && quietMs > Math.max(STALL_MS, 4 * this.#timeoutMs)) {
      this.#connection.reconnect(`no answer for ${Math.round(quietMs)} ms`);
    }
  }
}

/** Whether the server answered that it did nothing. */
function isRefusal(error: unknown): boolean {
  return error instanceof StoreError && error.cause !== undefined && isServerError(error.cause);
}

function isNoScript(error: unknown): boolean {
  return (
    error instanceof StoreError && error.cause instanceof Error && error.cause.message.startsWith('NOSCRIPT')
  );
}
