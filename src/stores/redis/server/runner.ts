import { StoreError, StoreSetupError } from '../../../budget/index.ts';
import { backoffMs, withTimeout } from '../../../util/index.ts';
import type { LedgerMemory } from '../memory/index.ts';
import { parseReply, type ScriptReply } from '../replies.ts';
import type { Script } from '../scripts.ts';
import { isServerError } from './client.ts';
import { type PendingCommand, RedisConnection } from './connection.ts';
import { ServerClock } from './server-clock.ts';
import { type ScriptParameters, type Undo, UndoList } from './undo-list.ts';

/** How often a script may ask to be retried: at the end of a window, and if many leases end at once. */
const MAX_TRIES = 50;

/** The pauses before a command is repeated that was not answered because its connection was lost. */
const REPEAT = { firstMs: 10, maxMs: 250 };

/** The pause after which a server that was restarted is asked again, milliseconds. */
const SETTLING_PAUSE_MS = 100;

/** How long closing waits for commands in flight at most, milliseconds. */
const CLOSE_MS = 2_000;

const NO_DEADLINE = String(Number.MAX_SAFE_INTEGER);

/** A script to run. */
export interface ScriptRun {
  readonly script: Script;
  /** Makes keys and arguments for the server's present time. */
  readonly prepare: (now: number) => ScriptParameters;
  /** Undoes what the script did with these parameters. */
  readonly undo?: (parameters: ScriptParameters) => Undo;
  /**
   * Whether a script that may have been executed already is sent again: it has to have the same effect, and
   * the same answer, however often it is executed; default: true.
   */
  readonly isRepeatable?: boolean;
  /** For how long the process is kept alive for the answer, milliseconds; default: until the timeout. */
  readonly keepsAliveMs?: number;
}

/** The state of a run. */
interface RunState {
  /** Its commands in order: more than one if it was repeated. */
  readonly commands: { readonly command: PendingCommand; readonly parameters: ScriptParameters }[];
  /** Why it was not answered so far. */
  failure: StoreError | undefined;
  /** Whether the caller has its answer, or has given up. */
  isOver: boolean;
}

/**
 * Runs scripts. A script whose answer is lost is sent again until it is answered, or until the timeout; one
 * that reaches the server later than that does nothing. If one may have been executed although its caller was
 * told that it failed, it is undone as soon as the server answers.
 */
export class ScriptRunner {
  readonly clock: ServerClock;
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  readonly #undos: UndoList;
  readonly #memory: LedgerMemory;

  /**
   * @param onConnect called on each new connection
   * @param onFailure called with each failure of a connection
   */
  constructor(
    url: string,
    timeoutMs: number,
    now: () => number,
    memory: LedgerMemory,
    onConnect: () => void,
    onFailure?: (error: StoreError) => void,
  ) {
    this.#memory = memory;
    this.clock = new ServerClock(now);
    this.#timeoutMs = timeoutMs;
    const connected = (): void => {
      onConnect();
      this.#undos.flush();
    };
    this.#connection = new RedisConnection(url, connected, onFailure);
    this.#undos = new UndoList((undo) => this.#execute(undo.script, undo, NO_DEADLINE));
  }

  /**
   * Runs a script, and returns its answer.
   * @throws StoreError if the server refuses, or does not answer within the timeout
   */
  async run(run: ScriptRun): Promise<ScriptReply> {
    // Before the timer starts: the first time, loading the package may take longer than the timeout.
    this.#connection.open();
    const state: RunState = { commands: [], failure: undefined, isOver: false };
    try {
      const { keepsAliveMs = this.#timeoutMs } = run;
      const onTimeout = (): StoreError => this.#timeOut(state);
      return await withTimeout(this.#repeatUntilAnswered(run, state), this.#timeoutMs, onTimeout, {
        keepsAliveMs,
      });
    } catch (error) {
      if (!isRefusal(error)) this.#undoLast(run, state);
      throw error;
    } finally {
      state.isOver = true;
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
    const keepsAliveMs = keepsAlive ? this.#timeoutMs : 0;
    return withTimeout(this.#connection.send(args).answer, this.#timeoutMs, late, { keepsAliveMs });
  }

  /** Waits for commands in flight, for a while, and closes the connection. */
  async close(): Promise<void> {
    const deadline = performance.now() + Math.min(this.#timeoutMs, CLOSE_MS);
    while (this.#connection.pending > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#undos.close();
    this.#connection.close();
  }

  /** Executes the script, again as long as no answer comes because the connection is lost. */
  async #repeatUntilAnswered(run: ScriptRun, state: RunState): Promise<ScriptReply> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await this.#executeUntilDone(run, state);
      } catch (error) {
        const isUnsafe = run.isRepeatable === false && lastSent(state) !== undefined;
        if (state.isOver || isUnsafe || this.#connection.isClosed || !mayPass(error)) throw error;
        state.failure = error;
      }
      await new Promise((resolve) => setTimeout(resolve, backoffMs(repeats, REPEAT)).unref());
    }
  }

  /** Executes the script, again as long as it asks for that. */
  async #executeUntilDone({ script, prepare }: ScriptRun, state: RunState): Promise<ScriptReply> {
    for (let tries = 0; tries < MAX_TRIES && !state.isOver; ) {
      const now = this.clock.now();
      const parameters = prepare(now);
      const deadline = String(now + this.#timeoutMs);
      const reply = await this.#execute(script, parameters, deadline, (command) => {
        state.commands.push({ command, parameters });
        if (state.isOver) command.cancel();
      });
      if (reply.word === 'ok') return reply;
      if (reply.word === 'wait') await this.#pause(state);
      else tries += 1;
    }
    throw new StoreError('Redis asked for another try too often.');
  }

  /** Waits a little, because the server was restarted and not every client has connected again. */
  async #pause(state: RunState): Promise<void> {
    state.failure = new StoreError('Redis was restarted, and waits for its clients to connect again.');
    await new Promise((resolve) => setTimeout(resolve, SETTLING_PAUSE_MS));
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
    const sentAt = this.clock.local();
    const sentId = this.#memory.known.id;
    const command = this.#connection.send(args);
    onSend?.(command);
    const reply = parseReply(await command.answer);
    this.clock.learn(reply.now, sentAt);
    this.#memory.learn(reply, sentId);
    return reply;
  }

  #timeOut({ commands, failure }: RunState): StoreError {
    commands.at(-1)?.command.cancel();
    return failure ?? new StoreError(`Redis did not answer within ${this.#timeoutMs} ms.`);
  }

  #undoLast({ undo }: ScriptRun, state: RunState): void {
    const parameters = lastSent(state);
    if (undo === undefined || parameters === undefined) return;
    this.#undos.add(undo(parameters), this.#connection.isConnected);
  }
}

/** Returns the parameters of the last command that may have been executed. */
function lastSent({ commands }: RunState): ScriptParameters | undefined {
  return commands.findLast(({ command }) => command.isSent())?.parameters;
}

/** Whether the server answered that it did nothing. */
function isRefusal(error: unknown): boolean {
  return error instanceof StoreError && error.cause !== undefined && isServerError(error.cause);
}

function isNoScript(error: unknown): boolean {
  return refusalCode(error) === 'NOSCRIPT';
}

/**
 * The codes of refusals that end by themselves: the server loads its data, runs a slow script, or is being
 * replaced. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
const TEMPORARY = new Set(['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN']);

/** Whether the same command may succeed soon. */
function mayPass(error: unknown): error is StoreError {
  if (!(error instanceof StoreError) || error instanceof StoreSetupError) return false;
  return !isRefusal(error) || TEMPORARY.has(refusalCode(error) ?? '');
}

/** Returns the first word of the server's error. */
function refusalCode(error: unknown): string | undefined {
  if (!(error instanceof StoreError) || !(error.cause instanceof Error)) return undefined;
  return error.cause.message.split(' ', 1)[0];
}
