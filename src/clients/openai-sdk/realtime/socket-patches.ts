import { type CallServices, isRefusal, reportUnmetered } from '../../../calls/index.ts';
import { diag, failOpen } from '../../../telemetry/api/index.ts';
import { budgetOfCall } from '../../../telemetry/context/index.ts';
import { errorMessage, isPromise, parseJson } from '../../../util/index.ts';
import type { ClientPatch, Method } from '../sdk-types.ts';
import { RealtimeSession } from './realtime-session.ts';
import { ResponsesSession } from './responses-session.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

/** The files of the SDK that define WebSocket classes, without their extension, and the protocol of each. */
export const SOCKET_FILES: Readonly<Record<string, 'realtime' | 'responses' | 'live' | 'translation'>> = {
  'realtime/ws': 'realtime',
  'realtime/websocket': 'realtime',
  'beta/realtime/ws': 'realtime',
  'beta/realtime/websocket': 'realtime',
  'resources/responses/ws': 'responses',
  'resources/beta/responses/ws': 'responses',
  'resources/live/ws': 'live',
  'realtime/translations/ws': 'translation',
};

type Protocol = (typeof SOCKET_FILES)[string];

/** Finds the metering of a connection, or starts it; `send` sends an event past the patched methods. */
type Meter = (socket: SdkSocket, send: Method) => MeteredSocket;

/** A connection that is metered. */
interface MeteredSocket {
  readonly session: SocketSession;
  /** Settles when the events that wait for their reservation have been sent; undefined if none waits. */
  queue: Promise<void> | undefined;
}

/**
 * The patches of the prototype of a WebSocket class: the methods that send, where responses are reserved, and
 * `_emit`, through which all events reach the application.
 */
export function socketPatches(services: CallServices, protocol: Protocol): readonly ClientPatch[] {
  const meteredSockets = new WeakMap<object, MeteredSocket>();
  const meter: Meter = (socket, send) => {
    const existing = meteredSockets.get(socket);
    if (existing !== undefined) return existing;
    const session = newSession(services, protocol, socket, (event) => send.call(socket, event));
    const metered: MeteredSocket = { session, queue: undefined };
    meteredSockets.set(socket, metered);
    failOpen('observing the end of a connection', () =>
      socket.socket?.addEventListener?.('close', () => session.onClose()),
    );
    return metered;
  };
  let plainSend: Method | undefined;
  return [
    {
      name: 'send',
      wrap: (original) => {
        plainSend = original;
        return patchSend(original, meter);
      },
    },
    { name: 'sendResponseCreate', wrap: (original) => patchSend(original, meter) },
    { name: 'sendRaw', wrap: (original) => patchSendRaw(original, meter) },
    {
      name: '_emit',
      wrap: (original) =>
        function _emit(this: SdkSocket, name: unknown, ...args: unknown[]): unknown {
          if (name === 'event' && plainSend !== undefined) {
            const { session } = meter(this, plainSend);
            failOpen('reading an event', () => session.onEvent(args[0]));
          }
          return original.call(this, name, ...args);
        },
    },
  ];
}

function newSession(
  services: CallServices,
  protocol: Protocol,
  socket: SdkSocket,
  send: (event: unknown) => void,
): SocketSession {
  if (protocol === 'realtime') return new RealtimeSession(services, socket, send);
  if (protocol === 'responses') return new ResponsesSession(services, socket);
  const endpoint = protocol === 'live' ? 'WebSocket /live' : 'WebSocket /realtime/translations';
  return {
    beforeSend(event) {
      reportUnmetered(services, budgetOfCall(services.tracker), endpoint, 'endpoint');
      return event;
    },
    onEvent: () => {},
    onClose: () => {},
  };
}

function patchSend(original: Method, meter: Meter): Method {
  return function send(this: SdkSocket, event: unknown, ...rest: unknown[]): unknown {
    return sendInOrder(this, meter(this, original), event, (outgoing) =>
      original.call(this, outgoing, ...rest),
    );
  };
}

/**
 * Wraps a method that sends text, which may be the JSON of an event; unless the event is changed, it is sent
 * as it is.
 */
function patchSendRaw(original: Method, meter: Meter): Method {
  return function sendRaw(this: SdkSocket, data: unknown, ...rest: unknown[]): unknown {
    const event = typeof data === 'string' ? failOpen('parsing an event', () => parseJson(data)) : undefined;
    if (event === undefined) return original.call(this, data, ...rest);
    return sendInOrder(this, meter(this, original), event, (outgoing) =>
      original.call(this, outgoing === event ? data : JSON.stringify(outgoing), ...rest),
    );
  };
}

/**
 * Sends an event once its response is reserved, in the same turn if the store answers in it. Events that are
 * sent meanwhile wait in order.
 */
function sendInOrder(
  socket: SdkSocket,
  metered: MeteredSocket,
  event: unknown,
  send: (event: unknown) => unknown,
): unknown {
  if (metered.queue === undefined) {
    const outgoing = reserveFor(metered.session, event);
    if (!isPromise(outgoing)) return send(outgoing);
    enqueue(socket, metered, outgoing.then(send));
    return undefined;
  }
  enqueue(socket, metered, metered.queue.then(() => reserveFor(metered.session, event)).then(send));
  return undefined;
}

/** Reports a later refusal as the SDK reports failures of a connection: as an `error` event. */
function enqueue(socket: SdkSocket, metered: MeteredSocket, sent: Promise<unknown>): void {
  const done = sent.then(
    () => {},
    (error: unknown) => socket._onError(null, errorMessage(error), error),
  );
  metered.queue = done;
  void done.then(() => {
    if (metered.queue === done) metered.queue = undefined;
  });
}

/** Reserves for an event and returns the event to send: unchanged if our own code fails. */
function reserveFor(session: SocketSession, event: unknown): unknown {
  const failed = (error: unknown): unknown => {
    if (isRefusal(error)) throw error;
    diag.error('otel-token-budget: metering an event failed; it is sent without a budget', error);
    return event;
  };
  try {
    const outgoing = session.beforeSend(event);
    return isPromise(outgoing) ? outgoing.catch(failed) : outgoing;
  } catch (error) {
    return failed(error);
  }
}
