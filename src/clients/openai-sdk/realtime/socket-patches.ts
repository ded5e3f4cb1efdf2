import { diag } from '@opentelemetry/api';
import { type CallServices, failOpen, isRefusal, reportUnmetered } from '../../../calls/index.ts';
import { currentBudget } from '../../../telemetry/context/index.ts';
import { isPromise, parseJson } from '../../../util/index.ts';
import type { ClientPatch, Method } from '../patches.ts';
import { RealtimeSession } from './realtime-session.ts';
import { ResponsesSession } from './responses-session.ts';
import type { SdkSocket, SocketSession } from './sdk-socket.ts';

/** The files of the SDK that define WebSocket classes, and what goes over them. */
export const SOCKET_FILES: Readonly<Record<string, 'realtime' | 'responses' | 'live' | 'translation'>> = {
  'openai/realtime/ws': 'realtime',
  'openai/realtime/websocket': 'realtime',
  'openai/beta/realtime/ws': 'realtime',
  'openai/beta/realtime/websocket': 'realtime',
  'openai/resources/responses/ws': 'responses',
  'openai/resources/beta/responses/ws': 'responses',
  'openai/resources/live/ws': 'live',
  'openai/realtime/translations/ws': 'translation',
};

type Kind = (typeof SOCKET_FILES)[string];

/** One connection, and what is still to be sent over it in its turn. */
interface Watched {
  readonly session: SocketSession;
  queue: Promise<void> | undefined;
}

/**
 * What is patched, on the prototype of a WebSocket class: what sends, where a response is reserved for, and `_emit`,
 * by which all that comes goes to the application.
 */
export function socketPatches(services: CallServices, kind: Kind): readonly ClientPatch[] {
  const watched = new WeakMap<object, Watched>();
  const watchedOf = (socket: SdkSocket, send: Method): Watched => {
    const known = watched.get(socket);
    if (known !== undefined) return known;
    const session = newSession(services, kind, socket, (event) => send.call(socket, event));
    const made: Watched = { session, queue: undefined };
    watched.set(socket, made);
    failOpen('a connection', () => socket.socket?.addEventListener?.('close', () => session.onClose()));
    return made;
  };
  let plainSend: Method | undefined;
  return [
    {
      name: 'send',
      wrap: (original) => {
        plainSend = original;
        return patchSend(original, watchedOf);
      },
    },
    { name: 'sendResponseCreate', wrap: (original) => patchSend(original, watchedOf) },
    { name: 'sendRaw', wrap: (original) => patchSendRaw(original, watchedOf) },
    {
      name: '_emit',
      wrap: (original) =>
        function _emit(this: SdkSocket, name: unknown, ...args: unknown[]): unknown {
          if (name === 'event' && plainSend !== undefined) {
            const { session } = watchedOf(this, plainSend);
            failOpen('an event', () => session.onEvent(args[0]));
          }
          return original.call(this, name, ...args);
        },
    },
  ];
}

function newSession(
  services: CallServices,
  kind: Kind,
  socket: SdkSocket,
  send: (event: unknown) => void,
): SocketSession {
  if (kind === 'realtime') return new RealtimeSession(services, socket, send);
  if (kind === 'responses') return new ResponsesSession(services, socket);
  const endpoint = kind === 'live' ? 'WebSocket /live' : 'WebSocket /realtime/translations';
  return {
    beforeSend(event) {
      reportUnmetered(services, currentBudget() ?? services.tracker, endpoint, 'endpoint');
      return event;
    },
    onEvent: () => {},
    onClose: () => {},
  };
}

function patchSend(original: Method, watchedOf: (socket: SdkSocket, send: Method) => Watched): Method {
  return function send(this: SdkSocket, event: unknown, ...rest: unknown[]): unknown {
    return inTurn(this, watchedOf(this, original), event, (outgoing) =>
      original.call(this, outgoing, ...rest),
    );
  };
}

/** A text that may be the JSON of an event; where nothing in it is changed, it goes out as it is. */
function patchSendRaw(original: Method, watchedOf: (socket: SdkSocket, send: Method) => Watched): Method {
  return function sendRaw(this: SdkSocket, data: unknown, ...rest: unknown[]): unknown {
    const event = typeof data === 'string' ? failOpen('an event', () => parseJson(data)) : undefined;
    if (event === undefined) return original.call(this, data, ...rest);
    return inTurn(this, watchedOf(this, original), event, (outgoing) =>
      original.call(this, outgoing === event ? data : JSON.stringify(outgoing), ...rest),
    );
  };
}

/** Sends an event once it is paid for: at once where the store answers at once; what is sent meanwhile waits behind it. */
function inTurn(
  socket: SdkSocket,
  watched: Watched,
  event: unknown,
  send: (event: unknown) => unknown,
): unknown {
  if (watched.queue === undefined) {
    const outgoing = paidFor(watched.session, event);
    if (!isPromise(outgoing)) return send(outgoing);
    enqueue(socket, watched, outgoing.then(send));
    return undefined;
  }
  enqueue(socket, watched, watched.queue.then(() => paidFor(watched.session, event)).then(send));
  return undefined;
}

/** A refusal that comes later is told as the SDK tells what fails on a connection: as an `error` event. */
function enqueue(socket: SdkSocket, watched: Watched, sent: Promise<unknown>): void {
  const done = sent.then(
    () => {},
    (error: unknown) => socket._onError(null, error instanceof Error ? error.message : String(error), error),
  );
  watched.queue = done;
  void done.then(() => {
    if (watched.queue === done) watched.queue = undefined;
  });
}

/** The event that may go out. Where our own code fails, it goes out as it is. */
function paidFor(session: SocketSession, event: unknown): unknown {
  const failed = (error: unknown): unknown => {
    if (isRefusal(error)) throw error;
    diag.error('otel-token-budget: an event could not be looked at; it goes on uncounted', error);
    return event;
  };
  try {
    const outgoing = session.beforeSend(event);
    return isPromise(outgoing) ? outgoing.catch(failed) : outgoing;
  } catch (error) {
    return failed(error);
  }
}
