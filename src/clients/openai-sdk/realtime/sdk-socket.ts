import type { ApiClient } from '../../../providers/index.ts';

/** The parts of the SDK's WebSocket classes that are used: Realtime, and Responses over a WebSocket. */
export interface SdkSocket {
  readonly url?: URL;
  readonly socket?: { addEventListener?(type: 'close', listener: () => void): void };
  readonly _client?: ApiClient;
  send(event: unknown): void;
  _onError(event: null, message: string, cause: unknown): void;
}

/** Meters one connection: reserves for the events that are sent, charges by those that arrive. */
export interface SocketSession {
  /**
   * Reserves for the response that an event requests.
   * @returns the event to send, possibly with a lower cap
   * @throws BudgetExceededError if the budget cannot pay for the response
   */
  beforeSend(event: unknown): unknown;
  /** Reads an event that arrived. */
  onEvent(event: unknown): void;
  /** Ends the calls that are under way. */
  onClose(): void;
}
