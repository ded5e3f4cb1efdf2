import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How long a probe waits, milliseconds. */
const PROBE_MS = 2_000;

const DEFAULT_PORT = 6_379;

/**
 * Finds out whether a server that does not answer speaks the other protocol: TLS where the URL is of redis://, plain text
 * where it is of rediss://. Neither shows as an error: one closes the connection, the other waits for more.
 * The process is not kept alive for it.
 */
export async function speaksOtherProtocol(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: port === '' ? DEFAULT_PORT : Number(port) };
  if (protocol === 'rediss:') return answersPlainly(address);
  // Nothing is sent to it but the handshake.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ ...address, ...servername, rejectUnauthorized: false });
  return settle(socket, (answer) => socket.once('secureConnect', () => answer(true)));
}

function answersPlainly(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  const socket = connect(address, () => socket.write('PING\r\n'));
  // +PONG, or an error such as -NOAUTH.
  return settle(socket, (answer) =>
    socket.once('data', (data) => answer(/^[+-]/.test(data.toString('latin1')))),
  );
}

function settle(socket: Socket, listen: (answer: (value: boolean) => void) => void): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.unref();
    socket.setTimeout(PROBE_MS, () => answer(false));
    socket.on('error', () => answer(false));
    socket.on('close', () => answer(false));
    listen(answer);
  });
}
