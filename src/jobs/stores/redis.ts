import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../budget/index.ts';
import { RedisConnection } from '../../stores/redis/index.ts';
import { withTimeout } from '../../util/index.ts';
import { JobRunningError } from '../errors.ts';
import { type JobLock, type JobStore, KEPT_CHECKPOINTS, type StoredCheckpoint } from './job-store.ts';

/** Where jobs are stored. */
export interface RedisJobStoreOptions {
  /** redis:// or rediss://, as of the ledger. */
  readonly url: string;
  /** The prefix of all keys, in braces, as of the ledger; default: `token-budget`. */
  readonly prefix?: string;
  /** How long a command may take, milliseconds; default: 2,000. */
  readonly timeoutMs?: number;
  /** How many checkpoints of a job are kept; default: 5. */
  readonly maxCheckpoints?: number;
  /**
   * How long a job stays locked after its process died, milliseconds; default: 10,000. A live process renews
   * it.
   */
  readonly lockMs?: number;
}

/** How often a waiting process tries to lock a job, milliseconds. */
const LOCK_RETRY_MS = 200;

/**
 * Stores a checkpoint, unless the lock was lost. KEYS: checkpoints, jobs, lock. ARGV: job, sequence, text,
 * how many are kept, who holds the lock (empty: no one needs to).
 */
const SAVE = `
if ARGV[5] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[5] then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[2] .. ':' .. ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[4])
redis.call('SADD', KEYS[2], ARGV[1])
return 1
`;

/**
 * Acquires or renews a lock; an own one that expired is acquired again, unless another process did. KEYS:
 * lock. ARGV: holder, ms. Answers -1, or for how many milliseconds another process holds it.
 */
const ACQUIRE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return redis.call('PTTL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -1
`;

/** Releases an own lock. KEYS: lock. ARGV: holder. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Stores jobs on the Redis of the ledger. A job is locked by a lease: one whose process was killed can be
 * resumed, from any host, once the lease has ended, and a process that lost its lock can save no checkpoint.
 */
export class RedisJobStore implements JobStore {
  readonly location: string;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #maxCheckpoints: number;
  readonly #lockMs: number;
  /** Who holds the lock of each job that is locked here. */
  readonly #holders = new Map<string, string>();

  /** @throws RangeError if the URL is invalid */
  constructor({
    url,
    prefix = 'token-budget',
    timeoutMs = 2_000,
    maxCheckpoints = KEPT_CHECKPOINTS,
    lockMs = 10_000,
  }: RedisJobStoreOptions) {
    this.#connection = new RedisConnection(url, () => undefined);
    this.location = `Redis at ${new URL(url).host}`;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
    this.#maxCheckpoints = maxCheckpoints;
    this.#lockMs = lockMs;
  }

  async jobs(): Promise<readonly string[]> {
    return listOfTexts(await this.#send('SMEMBERS', this.#key('jobs'))).sort();
  }

  async checkpoints(job: string): Promise<readonly StoredCheckpoint[]> {
    const stored = listOfTexts(await this.#send('ZRANGE', this.#key('checkpoints', job), '0', '-1', 'REV'));
    return stored.map((member) => {
      const colon = member.indexOf(':');
      const sequence = Number(member.slice(0, colon));
      const location = `${this.location}, checkpoint ${sequence} of ${job}`;
      return { sequence, text: member.slice(colon + 1), location };
    });
  }

  async save(job: string, sequence: number, text: string): Promise<void> {
    const keys = [this.#key('checkpoints', job), this.#key('jobs'), this.#key('lock', job)];
    const holder = this.#holders.get(job) ?? '';
    const args = [job, String(sequence), text, String(this.#maxCheckpoints), holder];
    if (Number(await this.#eval(SAVE, keys, args)) === 0) throw new JobRunningError(job, 'its lock was lost');
  }

  async append(job: string, line: string): Promise<void> {
    await this.#send('RPUSH', this.#key('calls', job), line);
  }

  async records(job: string): Promise<readonly string[]> {
    return listOfTexts(await this.#send('LRANGE', this.#key('calls', job), '0', '-1'));
  }

  /** Locks a job; waits for the lease of a holder that died, at most its length. */
  async lock(job: string): Promise<JobLock> {
    const holder = randomUUID();
    await this.#acquireInTime(job, holder);
    this.#holders.set(job, holder);
    const lost = new AbortController();
    const renew = (): void => {
      this.#acquire(job, holder).then(
        (heldMs) => heldMs >= 0 && lost.abort(new JobRunningError(job, 'its lock was lost')),
        // The lease lasts for three renewals, and no checkpoint can be saved once it is lost.
        () => undefined,
      );
    };
    const timer = setInterval(renew, this.#lockMs / 3).unref();
    const release = async (): Promise<void> => {
      clearInterval(timer);
      this.#holders.delete(job);
      await this.#eval(RELEASE, [this.#key('lock', job)], [holder]);
    };
    return { signal: lost.signal, release };
  }

  async isLocked(job: string): Promise<boolean> {
    return Number(await this.#send('EXISTS', this.#key('lock', job))) === 1;
  }

  close(): void {
    this.#connection.close();
  }

  async #acquireInTime(job: string, holder: string): Promise<void> {
    const deadline = performance.now() + this.#lockMs + 500;
    for (;;) {
      const heldMs = await this.#acquire(job, holder);
      if (heldMs < 0) return;
      if (performance.now() + heldMs > deadline) {
        throw new JobRunningError(job, `held on ${this.location} for ${heldMs} ms more`);
      }
      await sleep(Math.min(LOCK_RETRY_MS, heldMs + 1));
    }
  }

  /** Returns -1 if the lock is held now; otherwise for how long another process holds it, milliseconds. */
  async #acquire(job: string, holder: string): Promise<number> {
    return Number(await this.#eval(ACQUIRE, [this.#key('lock', job)], [holder, String(this.#lockMs)]));
  }

  #key(kind: string, job = ''): string {
    return `{${this.#prefix}}:job:${kind}${job === '' ? '' : `:${job}`}`;
  }

  #eval(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send('EVAL', script, String(keys.length), ...keys, ...args);
  }

  #send(...args: string[]): Promise<unknown> {
    const command = this.#connection.send(args);
    return withTimeout(command.answer, this.#timeoutMs, () => {
      command.cancel();
      return new StoreError(`${this.location} did not answer within ${this.#timeoutMs} ms.`);
    });
  }
}

function listOfTexts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
