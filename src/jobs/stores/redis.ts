import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../budget/index.ts';
import { RedisConnection } from '../../stores/redis/index.ts';
import { JobRunningError } from '../errors.ts';
import { type FoundCheckpoint, type JobLock, type JobStore, KEPT_CHECKPOINTS } from './job-store.ts';

export interface RedisJobStoreOptions {
  /** redis:// or rediss://, as of the ledger. */
  readonly url: string;
  /** What all keys begin with, in braces; as of the ledger. */
  readonly prefix?: string;
  /** How long a command may take, milliseconds; 2,000 where absent. */
  readonly timeoutMs?: number;
  readonly kept?: number;
  /** How long a job is held after its process died, milliseconds; 10,000 where absent. A living one renews it. */
  readonly lockMs?: number;
}

/** KEYS: checkpoints, jobs, lock. ARGV: job, sequence, text, how many are kept, who holds the lock (empty: nobody has to). */
const SAVE = `
if ARGV[5] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[5] then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[2] .. ':' .. ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[4])
redis.call('SADD', KEYS[2], ARGV[1])
return 1
`;

/** Takes a lock, or renews the own one; one that has ended is taken anew, unless somebody else did. KEYS: lock. ARGV: holder, ms. */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return redis.call('PTTL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -1
`;

const LET_GO = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Jobs on the Redis of the ledger. A job is held by a lease: one whose process was killed can be resumed, from any host, once that is
 * over, and a checkpoint of one that lost it is refused.
 */
export class RedisJobStore implements JobStore {
  readonly where: string;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #kept: number;
  readonly #lockMs: number;
  readonly #holding = new Map<string, string>();

  /** @throws RangeError where the URL is wrong */
  constructor({
    url,
    prefix = 'token-budget',
    timeoutMs = 2_000,
    kept,
    lockMs = 10_000,
  }: RedisJobStoreOptions) {
    this.#connection = new RedisConnection(url, timeoutMs, () => undefined);
    this.where = `Redis at ${new URL(url).host}`;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
    this.#kept = kept ?? KEPT_CHECKPOINTS;
    this.#lockMs = lockMs;
  }

  async jobs(): Promise<readonly string[]> {
    return listOf(await this.#send('SMEMBERS', this.#key('jobs'))).sort();
  }

  async checkpoints(job: string): Promise<readonly FoundCheckpoint[]> {
    const found = listOf(await this.#send('ZRANGE', this.#key('checkpoints', job), '0', '-1', 'REV'));
    return found.map((one) => {
      const at = one.indexOf(':');
      const sequence = Number(one.slice(0, at));
      return { sequence, text: one.slice(at + 1), where: `${this.where}, checkpoint ${sequence} of ${job}` };
    });
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    const keys = [this.#key('checkpoints', job), this.#key('jobs'), this.#key('lock', job)];
    const holder = this.#holding.get(job) ?? '';
    const args = [job, String(sequence), text, String(this.#kept), holder];
    if (Number(await this.#eval(SAVE, keys, args)) === 0) throw new JobRunningError(job, 'its lock was lost');
  }

  async append(job: string, line: string): Promise<void> {
    await this.#send('RPUSH', this.#key('calls', job), line);
  }

  async records(job: string): Promise<readonly string[]> {
    return listOf(await this.#send('LRANGE', this.#key('calls', job), '0', '-1'));
  }

  /** Waits for the lease of a holder that died, at most its length. */
  async lock(job: string): Promise<JobLock> {
    const holder = randomUUID();
    const lost = new AbortController();
    const until = performance.now() + this.#lockMs + 500;
    for (;;) {
      const left = await this.#hold(job, holder);
      if (left < 0) break;
      if (performance.now() + left > until) {
        throw new JobRunningError(job, `held on ${this.where} for ${left} ms more`);
      }
      await sleep(Math.min(200, left + 1));
    }
    this.#holding.set(job, holder);
    const beat = (): void => {
      this.#hold(job, holder).then(
        (left) => left >= 0 && lost.abort(new JobRunningError(job, 'its lock was lost')),
        // Away for a beat: the lease holds for three, and a checkpoint is refused once it is lost.
        () => undefined,
      );
    };
    const timer = setInterval(beat, this.#lockMs / 3).unref();
    const release = async (): Promise<void> => {
      clearInterval(timer);
      this.#holding.delete(job);
      await this.#eval(LET_GO, [this.#key('lock', job)], [holder]);
    };
    return { signal: lost.signal, release };
  }

  async held(job: string): Promise<boolean> {
    return Number(await this.#send('EXISTS', this.#key('lock', job))) === 1;
  }

  close(): void {
    this.#connection.close();
  }

  /** -1 where it is held now; else for how long somebody else holds it, milliseconds. */
  async #hold(job: string, holder: string): Promise<number> {
    return Number(await this.#eval(HOLD, [this.#key('lock', job)], [holder, String(this.#lockMs)]));
  }

  #key(kind: string, job = ''): string {
    return `{${this.#prefix}}:job:${kind}${job === '' ? '' : `:${job}`}`;
  }

  #eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send('EVAL', script, String(keys.length), ...keys, ...args);
  }

  async #send(...command: string[]): Promise<unknown> {
    const sending = this.#connection.send(command);
    let timer: NodeJS.Timeout | undefined;
    // It keeps the process alive meanwhile, as the connection does not.
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        sending.cancel();
        reject(new StoreError(`${this.where} did not answer within ${this.#timeoutMs} ms.`));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([sending.answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function listOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
