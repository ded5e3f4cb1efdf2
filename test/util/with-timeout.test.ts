import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { withTimeout } from '../../src/util/index.ts';

const late = (): Error => new Error('late');

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

describe('a timeout', () => {
  it('ends a wait, and calls onTimeout once', async () => {
    let calls = 0;
    const never = new Promise<never>(() => {});
    const onTimeout = (): Error => {
      calls += 1;
      return late();
    };
    const from = performance.now();
    await assert.rejects(withTimeout(never, 50, onTimeout), /late/);
    assert.ok(performance.now() - from >= 45);
    assert.equal(calls, 1);
    assert.equal(await withTimeout(Promise.resolve(1), 50, onTimeout), 1);
    assert.equal(calls, 1);
  });

  it('does not count the time in which the process is blocked', async () => {
    const server = createServer((socket) => socket.end('answer')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const answer = new Promise<string>((resolve, reject) => {
      const socket = connect(address.port, '127.0.0.1').on('error', reject);
      socket.on('data', (data) => resolve(String(data)));
    });
    const answered = withTimeout(answer, 200, late);
    // Blocked for longer than the timeout, again and again, before anything is read.
    let times = 3;
    const again = (): void => {
      block(300);
      times -= 1;
      if (times > 0) setTimeout(again, 1);
    };
    again();
    assert.equal(await answered, 'answer');
    server.close();
  });
});
