import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNode } from '../support/run-node.ts';
import type { Ground } from './ground.ts';

/** What a condition acts upon. */
export interface Scene {
  /** A number from 0 to 1, by the seed of the round. */
  readonly random: () => number;
  readonly ground: Ground;
  readonly spenders: readonly RunningNode[];
  /** The directory of the round. */
  readonly directory: string;
  /** Aborted when the condition has to end, with everything as it was. */
  readonly signal: AbortSignal;
}

/** One kind of trouble. */
export interface Condition {
  /** The store that it troubles; any if absent. */
  readonly of?: 'sqlite' | 'redis';
  /** Processes die, or leases end before their calls do: then more is charged than was billed. */
  readonly endsLeases?: boolean;
  /** Why it cannot be had here. */
  readonly missing?: string | false;
  /** More of the environment of a spender. */
  readonly env?: (random: () => number, directory: string) => Readonly<Record<string, string>>;
  /** Goes on until the signal is aborted. */
  readonly act?: (scene: Scene) => Promise<void>;
}

const FAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];

/** Every kind of trouble, by name. */
export const CONDITIONS = {
  /** Another program holds the write lock of the file. */
  locks: {
    of: 'sqlite',
    act: repeatedly(async ({ ground, random, signal }) => {
      await ground.holdLock(random() * 2_000);
      await pause(random() * 200, signal);
    }),
  },
  /** Redis stops answering for a while. */
  pauses: {
    of: 'redis',
    act: repeatedly(async ({ ground, random, signal }) => {
      await ground.redis
        ?.command('CLIENT', 'PAUSE', String(Math.round(1 + random() * 2_000)), 'ALL')
        .catch(() => {});
      await pause(500 + random() * 1_000, signal);
    }),
  },
  /** The way to Redis takes up to a second, each way. */
  distance: {
    of: 'redis',
    act: async (scene) => {
      await repeatedly(async ({ ground, random, signal }) => {
        if (ground.proxy !== undefined) ground.proxy.delayMs = random() ** 2 * 1_000;
        await pause(random() * 500, signal);
      })(scene);
      if (scene.ground.proxy !== undefined) scene.ground.proxy.delayMs = 0;
    },
  },
  /** Connections to Redis are cut. */
  cuts: {
    of: 'redis',
    act: repeatedly(async ({ ground, random, signal }) => {
      ground.proxy?.cut();
      await pause(50 + random() * 500, signal);
    }),
  },
  /** Redis is killed, and is back at once with what it has on disk. */
  restarts: {
    of: 'redis',
    act: repeatedly(async ({ ground, random, signal }) => {
      await pause(1_000 + random() * 3_000, signal);
      await ground.away(0);
    }),
  },
  /** The store is away for some seconds: Redis is killed, or the file is locked. */
  outages: {
    act: repeatedly(async ({ ground, random, signal }) => {
      await pause(2_000 + random() * 2_000, signal);
      await ground.away(1_000 + random() * 4_000);
    }),
  },
  /** The programs block their event loops. */
  blocking: {
    env: (random) => ({ BLOCK_MS: String(Math.round(50 + random() * 950)), BLOCK_TIMES: '6' }),
  },
  /** Processes are suspended for longer than their leases. */
  suspensions: {
    endsLeases: true,
    act: repeatedly(async ({ spenders, random, signal }) => {
      const chosen = spenders.filter(() => random() < 0.4);
      for (const { child } of chosen) child.kill('SIGSTOP');
      await pause(1_200 + random() * 2_000, signal);
      for (const { child } of chosen) child.kill('SIGCONT');
      await pause(random() * 500, signal);
    }),
  },
  /** Processes are killed. */
  kills: {
    endsLeases: true,
    act: async ({ spenders, random, signal }) => {
      const chosen = spenders.slice(0, Math.ceil(spenders.length * (0.2 + random() * 0.5)));
      for (const { child } of chosen) {
        await pause(random() * 300, signal);
        child.kill('SIGKILL');
      }
    },
  },
  /** The clocks of the processes jump. */
  clocks: {
    endsLeases: true,
    missing: FAKETIME === undefined && 'libfaketime is not installed: apt-get install faketime',
    env: (_random, directory) => {
      const file = clockFile(directory);
      if (!existsSync(file)) writeFileSync(file, '+0');
      return {
        LD_PRELOAD: FAKETIME ?? '',
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      };
    },
    act: async (scene) => {
      await repeatedly(async ({ random, directory, signal }) => {
        await pause(100 + random() * 1_000, signal);
        writeFileSync(clockFile(directory), `${random() < 0.5 ? '-' : '+'}${(random() * 5).toFixed(3)}`);
      })(scene);
      writeFileSync(clockFile(scene.directory), '+0');
    },
  },
} as const satisfies Readonly<Record<string, Condition>>;

export type ConditionName = keyof typeof CONDITIONS;

function clockFile(directory: string): string {
  return join(directory, 'clock');
}

function repeatedly(once: (scene: Scene) => Promise<void>): (scene: Scene) => Promise<void> {
  return async (scene) => {
    while (!scene.signal.aborted) await once(scene);
  };
}

/** Waits, or until the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
