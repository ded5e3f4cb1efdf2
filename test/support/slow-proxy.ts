import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A way to a server on this machine as if it were far away. */
export interface SlowProxy {
  readonly port: number;
  /** How long what is sent takes, each way, milliseconds. */
  delayMs: number;
  /** Cuts all connections. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a proxy that delays everything, in order. */
export async function startSlowProxy(port: number, delayMs: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const carry = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      // Timers of different lengths may fire in another order than they are due, so each piece waits for the one before it.
      let before = Promise.resolve();
      from.on('data', (data) => {
        const waited = sleep(proxy.delayMs);
        before = before.then(() => waited).then(() => void (to.destroyed || to.write(data)));
      });
    };
    carry(client, upstream);
    carry(upstream, client);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: SlowProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs,
    cut,
    close: async () => {
      server.close();
      cut();
    },
  };
  return proxy;
}
