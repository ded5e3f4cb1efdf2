import type { ApiClient } from '../../../providers/index.ts';

/** The parts of the SDK's WebSocket classes that are touched: Realtime, and Responses over a WebSocket. */
export interface SdkSocket {
  readonly url?: URL;
  readonly socket?: { addEventListener?(type: 'close', listener: () => void): void };
  readonly _client?: ApiClient;
  send(event: unknown): void;
  _onError(event: null, message: string, cause: unknown): void;
}

/** What happens on one connection: what is sent is reserved for, what comes is charged. */
export interface SocketSession {
  /**
   * The event as it may go out, perhaps with a lower cap.
   * @throws BudgetExceededError where the budget cannot pay for what it asks for
   */
  beforeSend(event: unknown): unknown;
  onEvent(event: unknown): void;
  onClose(): void;
}
