import type { Signal } from '../environment/index.ts';
import type { ExportChannel } from './worker-channel.ts';

export interface BatchOptions {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  /** Milliseconds. */
  readonly scheduledDelayMillis?: number;
}

/** What spans and log records have: a resource, of which some may still be read. */
interface Item {
  readonly resource: {
    readonly asyncAttributesPending?: boolean;
    waitForAsyncAttributes?(): Promise<void>;
  };
}

/**
 * Batches items for the channel, one batch after the other, so that a few items do not use up what may be
 * under way while no Collector takes them: these wait here, and beyond `maxQueueSize` new ones are dropped.
 * Unlike the SDK's batch processors it holds no process with a timer, and its flush hands over everything
 * before it returns, as an exit needs.
 */
export class ForwardingBatch<T extends Item> {
  readonly #channel: ExportChannel;
  readonly #signal: Signal;
  readonly #plain: (items: readonly T[]) => unknown;
  readonly #maxQueueSize: number;
  readonly #maxExportBatchSize: number;
  readonly #delay: number;
  #queue: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #underWay = 0;

  /**
   * @param plain makes items data that can be sent to another thread
   * @param delay milliseconds until a batch that is not full is sent, where the options do not say
   */
  constructor(
    channel: ExportChannel,
    signal: Signal,
    plain: (items: readonly T[]) => unknown,
    delay: number,
    options: BatchOptions,
  ) {
    this.#channel = channel;
    this.#signal = signal;
    this.#plain = plain;
    this.#maxQueueSize = options.maxQueueSize ?? 2_048;
    this.#maxExportBatchSize = Math.min(options.maxExportBatchSize ?? 512, this.#maxQueueSize);
    this.#delay = options.scheduledDelayMillis ?? delay;
  }

  add(item: T): void {
    if (this.#queue.length >= this.#maxQueueSize) return;
    this.#queue.push(item);
    if (this.#queue.length >= this.#maxExportBatchSize) this.#sendNext();
    this.#schedule();
  }

  /** Hands over everything. */
  flush(): void {
    this.#stopTimer();
    while (this.#queue.length > 0) this.#sendBatch();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#sendNext(), this.#delay).unref();
  }

  /** The end of the batch that is under way sends what came meanwhile. */
  #sendNext(): void {
    this.#stopTimer();
    if (this.#underWay > 0 || this.#queue.length === 0) return;
    const { resource } = this.#queue[0] ?? {};
    if (resource?.asyncAttributesPending === true) {
      const later = (): void => this.#schedule();
      resource.waitForAsyncAttributes?.().then(later, later);
    } else this.#sendBatch();
  }

  #sendBatch(): void {
    const batch = this.#queue.splice(0, this.#maxExportBatchSize);
    this.#underWay += 1;
    this.#channel.export(this.#signal, this.#plain(batch), () => {
      this.#underWay -= 1;
      if (this.#queue.length >= this.#maxExportBatchSize) this.#sendNext();
      else if (this.#queue.length > 0) this.#schedule();
    });
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
