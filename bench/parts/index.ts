import type { Part } from '../harness/part.ts';
import { conversations } from './conversations.ts';
import { counting } from './counting.ts';
import { install } from './install.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { startUp } from './start-up.ts';
import { streams } from './streams.ts';
import { throughput } from './throughput.ts';

/** In the order of the page. */
export const PARTS: readonly Part[] = [
  overhead,
  streams,
  conversations,
  counting,
  startUp,
  throughput,
  memory,
  install,
];
