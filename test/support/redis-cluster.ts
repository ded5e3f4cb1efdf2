import { createServer } from 'node:net';
import { eventually } from './eventually.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

/** Primaries on loopback, which share the slots. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Returns the primary that serves a key, as the cluster says now. */
  readonly ownerOf: (key: string) => Promise<RedisServer>;
  readonly close: () => Promise<void>;
}

const SLOTS = 16_384;

/** Starts a cluster. */
export async function startRedisCluster(count = 3): Promise<RedisCluster> {
  const started = await Promise.all(Array.from({ length: count }, startNode));
  const nodes = started.map(({ node }) => node);
  const [first] = nodes;
  if (first === undefined) throw new RangeError('a cluster has at least one node');
  const size = Math.ceil(SLOTS / count);
  for (const [index, node] of nodes.entries()) {
    const end = Math.min(SLOTS, (index + 1) * size) - 1;
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(index * size), String(end));
    const { bus } = started[0] ?? { bus: 0 };
    if (node !== first) await node.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(bus));
  }
  for (const node of nodes) {
    await eventually('the cluster is formed', async () => {
      const info = String(await node.command('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`);
    });
  }
  return {
    nodes,
    ownerOf: async (key) => {
      for (const node of nodes) {
        const slot = await node.command('CLUSTER', 'KEYSLOT', key);
        const slots = (await node.command('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
        const range = slots.find(([from, to]) => from <= Number(slot) && Number(slot) <= to);
        const owner = nodes.find(({ port }) => port === range?.[2][1]);
        if (owner !== undefined) return owner;
      }
      throw new Error(`no node serves ${key}`);
    },
    close: async () => {
      for (const node of nodes) await node.close();
    },
  };
}

/** Starts a node, which speaks to the others on a port of its own. */
async function startNode(): Promise<{ readonly node: RedisServer; readonly bus: number }> {
  const bus = await freePort();
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'];
  return { node: await startRedisServer({ args }), bus };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
