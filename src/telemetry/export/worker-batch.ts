import type { Signal } from '../environment/index.ts';
import type { ExportChannel } from './worker-channel.ts';

/** Options of a batch, named as in the SDK. */
export interface BatchOptions {
  /** Maximum number of queued items. Default: 2048. */
  readonly maxQueueSize?: number;
  /** Maximum number of items in a batch. Default: 512. */
  readonly maxExportBatchSize?: number;
  /** Milliseconds until a batch that is not full is sent. */
  readonly scheduledDelayMillis?: number;
}

/** A span or log record. Its resource may have attributes that are still pending. */
interface Item {
  readonly resource: {
    readonly asyncAttributesPending?: boolean;
    waitForAsyncAttributes?(): Promise<void>;
  };
}

/**
 * Batches items for the channel, one batch at a time, so that small batches do not use up the limit on
 * pending exports while no Collector accepts them. Items wait here; beyond `maxQueueSize` new ones are
 * dropped. Unlike the SDK's batch processors, its timer does not keep the process alive, and its flush hands
 * over everything before it returns, as an exit requires.
 */
export class ForwardingBatch<T extends Item> {
  readonly #channel: ExportChannel;
  readonly #signal: Signal;
  readonly #serialize: (items: readonly T[]) => unknown;
  readonly #maxQueueSize: number;
  readonly #maxExportBatchSize: number;
  readonly #delay: number;
  #queue: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pendingBatches = 0;

  /**
   * @param serialize converts items to data that can be sent to another thread
   * @param delay milliseconds until a batch that is not full is sent, unless set by the options
   */
  constructor(
    channel: ExportChannel,
    signal: Signal,
    serialize: (items: readonly T[]) => unknown,
    delay: number,
    options: BatchOptions,
  ) {
    this.#channel = channel;
    this.#signal = signal;
    this.#serialize = serialize;
    this.#maxQueueSize = options.maxQueueSize ?? 2_048;
    this.#maxExportBatchSize = Math.min(options.maxExportBatchSize ?? 512, this.#maxQueueSize);
    this.#delay = options.scheduledDelayMillis ?? delay;
  }

  /** Queues an item, and sends a batch if it is full. Drops the item if the queue is full. */
  add(item: T): void {
    if (this.#queue.length >= this.#maxQueueSize) return;
    this.#queue.push(item);
    if (this.#queue.length >= this.#maxExportBatchSize) this.#sendNext();
    this.#schedule();
  }

  /** Hands over all queued items to the channel. */
  flush(): void {
    this.#stopTimer();
    while (this.#queue.length > 0) this.#sendBatch();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#sendNext(), this.#delay).unref();
  }

  /** Sends a batch unless one is pending: when that one completes, it sends the items queued meanwhile. */
  #sendNext(): void {
    this.#stopTimer();
    if (this.#pendingBatches > 0 || this.#queue.length === 0) return;
    const { resource } = this.#queue[0] ?? {};
    if (resource?.asyncAttributesPending === true) {
      const later = (): void => this.#schedule();
      resource.waitForAsyncAttributes?.().then(later, later);
    } else this.#sendBatch();
  }

  #sendBatch(): void {
    const batch = this.#queue.splice(0, this.#maxExportBatchSize);
    this.#pendingBatches += 1;
    this.#channel.export(this.#signal, this.#serialize(batch), () => {
      this.#pendingBatches -= 1;
      if (this.#queue.length >= this.#maxExportBatchSize) this.#sendNext();
      else if (this.#queue.length > 0) this.#schedule();
    });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
