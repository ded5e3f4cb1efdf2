import { SCRIPTS } from '../scripts.ts';

/** Sends a command that is no script of the ledger. */
export type SendCommand = (args: readonly string[]) => Promise<unknown>;

/** What a server says of itself; undefined where it may not be asked. */
export interface ServerFacts {
  /** The fields of `INFO`. */
  readonly info: ReadonlyMap<string, string> | undefined;
  /** The setting `save`: when a snapshot is written; empty for never. */
  readonly save: string | undefined;
  /** The commands of the scripts that this user may not run. */
  readonly forbidden: readonly string[];
}

/** Reads the facts that decide whether a server keeps a ledger. @param probeKey a key of the ledger that it has not */
export async function readServerFacts(send: SendCommand, probeKey: string): Promise<ServerFacts> {
  const [info, save, forbidden] = await Promise.all([
    send(['INFO']).then(parseInfo, unlessUnreachable),
    send(['CONFIG', 'GET', 'save']).then(parseSave, unlessUnreachable),
    send(['EVAL', PROBE, '1', probeKey]).then(parseForbidden, forbiddenAtAll),
  ]);
  return { info, save, forbidden };
}

/** The commands that the scripts run, as they are written in them. */
const COMMANDS = [
  ...new Set(
    Object.values(SCRIPTS).flatMap(({ source }) =>
      [...source.matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, name = '']) => name),
    ),
  ),
].sort();

/** Arguments with which a command changes little or nothing; default: the key alone. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  HSET: "KEYS[1], 'a', '1'",
  HGET: "KEYS[1], 'a'",
  HINCRBY: "KEYS[1], 'n', '1'",
  HMGET: "KEYS[1], 'a'",
  HEXISTS: "KEYS[1], 'a'",
  HDEL: "KEYS[1], 'b'",
  SET: "KEYS[1], '1', 'XX', 'GET'",
  SADD: "KEYS[1], 'a'",
  SREM: "KEYS[1], 'a'",
  SISMEMBER: "KEYS[1], 'a'",
  SRANDMEMBER: "KEYS[1], '1'",
  SSCAN: "KEYS[1], '0'",
  ZADD: "KEYS[1], '1', 'a'",
  ZREM: "KEYS[1], 'a'",
  ZRANGEBYSCORE: "KEYS[1], '0', '1'",
  ZREMRANGEBYSCORE: "KEYS[1], '0', '1'",
  ZREMRANGEBYRANK: "KEYS[1], '0', '1'",
  PEXPIRE: "KEYS[1], '1000'",
  PEXPIREAT: "KEYS[1], '1'",
  TIME: '',
};

/**
 * Tries each command on a key of its own; answers those that the user may not run. A command on a key of another
 * type fails for that reason, after the check of permissions.
 */
const PROBE = `
local forbidden = {}
local function try(name, ...)
  local reply = redis.pcall(name, ...)
  local problem = type(reply) == 'table' and reply.err
  if problem and (string.find(problem, 'ACL') or string.find(problem, 'NOPERM') or string.find(problem, "can't run")) then
    forbidden[#forbidden + 1] = name
  end
end
${COMMANDS.filter((name) => name !== 'DEL')
  .map((name) => `try('${name}'${argumentsOf(name)})`)
  .join('\n')}
try('DEL', KEYS[1])
return forbidden
`;

function argumentsOf(name: string): string {
  const given = ARGUMENTS[name] ?? 'KEYS[1]';
  return given === '' ? '' : `, ${given}`;
}

function parseInfo(answer: unknown): ReadonlyMap<string, string> {
  const fields = String(answer)
    .split('\r\n')
    .map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1)];
    });
  return new Map(fields);
}

function parseSave(answer: unknown): string | undefined {
  return Array.isArray(answer) && answer.length > 1 ? String(answer[1]) : undefined;
}

function parseForbidden(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

/** A refusal says that the question is not allowed, or not known; without a connection nothing is known. */
function unlessUnreachable(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
  return undefined;
}

function forbiddenAtAll(error: unknown): string[] {
  if (!isRefusal(error)) throw error;
  return /NOPERM/.test(String(error)) ? ['EVAL', 'EVALSHA'] : [];
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && /refused/.test(error.message);
}
