import type { Signal } from '../environment/index.ts';

/** A message to the worker thread: items to export, or a request to signal when everything is sent. */
export type ExportMessage =
  | { readonly id: number; readonly signal: Signal; readonly items: unknown }
  | {
      readonly flush: readonly Signal[];
      /** Of the answer; absent if the thread that asks is blocked and sees {@link WorkerData.flushed} alone. */
      readonly id?: number;
    };

/** Data passed to the worker thread at its start. */
export interface WorkerData {
  /** Identifies the thread to our preload, which it inherits, as not belonging to the application. */
  readonly thread: typeof EXPORTER_THREAD;
  /** Becomes {@link FLUSHED} or {@link ENDED} when a flush was asked for. */
  readonly flushed: Int32Array;
}

/** Name of the worker thread. The preload does nothing in a thread whose data has a name with our prefix. */
export const EXPORTER_THREAD = 'otel-token-budget exporter';

/** The answer to a flush: everything is sent, or no Collector accepts it. */
export const FLUSHED = 1;

/** The answer of a thread that ends. */
export const ENDED = 2;
