import { createRequire } from 'node:module';
import type * as Redis from 'redis';
import { StoreError } from '../../budget/index.ts';

/** What is used of the official client. */
export interface RedisClient {
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

const require = createRequire(import.meta.url);

/**
 * A client that connects once: connections that break are replaced by ours to give, since its own timers would keep the
 * process alive.
 * @param url redis:// or rediss://, with user and password
 * @throws StoreError where the package `redis`, an optional peer, is not installed, or the URL is wrong
 */
export function createClient(url: string, connectTimeoutMs: number): RedisClient {
  const { createClient: create } = load();
  try {
    const client = create({
      url,
      RESP: 2,
      socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // Each command would have a timer of its own; the callers are timed instead.
      commandOptions: { timeout: 0 },
    });
    client.unref();
    return client as unknown as RedisClient;
  } catch (error) {
    throw new StoreError(`Redis cannot be used: ${messageOf(error)}`, error);
  }
}

/** Whether the server answered, rather than the connection failed. */
export function isServerError(error: unknown): boolean {
  return error instanceof load().ErrorReply;
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host with two addresses fails with both errors and no message of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error.message === '' ? error.name : error.message;
}

let loaded: typeof Redis | undefined;

function load(): typeof Redis {
  try {
    loaded ??= require('redis') as typeof Redis;
    return loaded;
  } catch (error) {
    throw new StoreError(
      'A Redis store needs the package "redis", which is not installed: npm install redis',
      error,
    );
  }
}
