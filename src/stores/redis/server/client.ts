import { createRequire } from 'node:module';
import type * as Redis from 'redis';
import { StoreError, StoreSetupError } from '../../../budget/index.ts';

/** The part of the official client that is used. */
export interface RedisClient {
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

const require = createRequire(import.meta.url);

/**
 * Creates a client that connects once. It does not reconnect by itself: its timers would keep the process
 * alive.
 * @param url redis:// or rediss://, with user and password
 * @throws StoreSetupError if the package `redis`, an optional peer dependency, is not installed
 * @throws StoreError if the URL is invalid
 */
export function createClient(url: string, connectTimeoutMs: number): RedisClient {
  const { createClient: create } = loadRedis();
  try {
    const client = create({
      url,
      RESP: 2,
      socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // Each command would have a timer of its own; callers have one instead.
      commandOptions: { timeout: 0 },
    });
    client.unref();
    return client as unknown as RedisClient;
  } catch (error) {
    throw new StoreError(`Redis cannot be used: ${messageOf(error)}`, error);
  }
}

/** Whether an error is the server's answer, rather than a failure of the connection. */
export function isServerError(error: unknown): boolean {
  return error instanceof loadRedis().ErrorReply;
}

/** Returns the message of an error, which is never empty. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // For a host with two addresses, the error has both failures and no message of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error.message === '' ? error.name : error.message;
}

let loaded: typeof Redis | undefined;

function loadRedis(): typeof Redis {
  try {
    loaded ??= require('redis') as typeof Redis;
    return loaded;
  } catch (error) {
    throw notInstalled(error);
  }
}

/** Checks that the client is installed, without loading it. @throws StoreSetupError if it is not */
export function assertRedisInstalled(): void {
  try {
    require.resolve('redis');
  } catch (error) {
    throw notInstalled(error);
  }
}

function notInstalled(cause: unknown): StoreSetupError {
  return new StoreSetupError(
    'A Redis store needs the package "redis", which is not installed: npm install redis',
    'the package "redis" beside this one',
    cause,
  );
}
