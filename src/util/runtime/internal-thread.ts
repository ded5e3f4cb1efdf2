import * as threads from 'node:worker_threads';

/** Whether this is a thread of Node itself, such as the one of loaders. Known since Node 22.14 and 24.0. */
export const isInternalThread: boolean = Reflect.get(threads, 'isInternalThread') === true;
