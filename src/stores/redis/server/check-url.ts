import { StoreSetupError } from '../../../budget/index.ts';
import { assertRedisInstalled } from './client.ts';

/**
 * Checks what is known about a Redis without connecting: its URL, and that the client is installed.
 * @throws StoreSetupError if one of them is wrong
 */
export function checkRedis(url: string): void {
  checkRedisUrl(url);
  assertRedisInstalled();
}

/** Checks the URL of a Redis. @throws StoreSetupError if it is wrong */
export function checkRedisUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '') {
    throw new StoreSetupError('The URL cannot be read.', 'a URL such as redis://user:password@host:6379/0');
  }
  if (!/^\/?\d*$/.test(parsed.pathname)) {
    throw new StoreSetupError(
      'The path of the URL is not the number of a database.',
      'a URL such as redis://user:password@host:6379/0',
    );
  }
}
