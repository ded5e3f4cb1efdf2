import { KEPT_MS } from '../keys.ts';

/**
 * Reserves more for an open reservation, in the windows that it was taken in.
 *
 * ARGV: 2 id, 3 to 5 how much more (nano-USD, tokens, calls); from 6 on, for each budget of the chain: mode and limits.
 */
export const GROW = `
local id = ARGV[2]
local more = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
local packed = redis.call('HGET', OPEN, id)
if not packed then return answer('0') end
local held = cjson.decode(packed)
local accounts = {}
for index, key in ipairs(held.accounts) do
  local account, at = load(key), 6 + (index - 1) * 4
  accounts[index] = account
  if ARGV[at] == 'strict' then
    for which = 1, 3 do
      local limit = raised(account, which, ARGV[at + which])
      if limit and account[which] + account[which + 3] + more[which] > limit then return answer('0') end
    end
  end
end
for _, account in ipairs(accounts) do
  add(account, 4, more, 1)
  save(account)
end
held.cost = int(tonumber(held.cost) + more[1])
held.tokens = int(tonumber(held.tokens) + more[2])
held.calls = int(tonumber(held.calls) + more[3])
redis.call('HSET', OPEN, id, cjson.encode(held))
return answer('1')
`;

/**
 * Charges what a reservation used and frees the rest of it. One that is not open is answered with the epoch, which tells whether
 * the server has lost its data since.
 *
 * ARGV: 2 id, 3 to 5 what was used (nano-USD, tokens, calls), 6 whether to answer the balances that this leaves too (1): of each
 * account whose window is not over its key and its balances.
 */
export const SETTLE = `
local id = ARGV[2]
local packed = redis.call('HGET', OPEN, id)
if not packed then return answer('0', redis.call('GET', EPOCH) or '') end
local accounts = close(id, packed, { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) })
local reply = answer('1')
if ARGV[6] ~= '1' then return reply end
for _, account in ipairs(accounts) do
  local over = account.expireAt ~= '' and now >= account.expireAt - ${KEPT_MS}
  if account.startedAt and not over then
    reply[#reply + 1] = account.key
    for _, value in ipairs({ balances(account) }) do reply[#reply + 1] = value end
  end
end
return reply
`;

/** Gives an open reservation another name and lease. ARGV: 2 id, 3 the other name, 4 lease (ms). */
export const HAND_OVER = `
local packed = redis.call('HGET', OPEN, ARGV[2])
if not packed or redis.call('HEXISTS', OPEN, ARGV[3]) == 1 then return answer('0') end
redis.call('HDEL', OPEN, ARGV[2])
redis.call('ZREM', LEASES, ARGV[2])
redis.call('HSET', OPEN, ARGV[3], packed)
redis.call('ZADD', LEASES, int(now + tonumber(ARGV[4])), ARGV[3])
return answer('1')
`;

/**
 * Takes back a reservation whose caller was told that it failed, if that attempt took it: frees it, or, where its lease has ended
 * since, takes back what was charged for it. ARGV: 2 id, 3 the name of the attempt.
 */
export const UNRESERVE = `
local id, attempt = ARGV[2], ARGV[3]
local packed = redis.call('HGET', OPEN, id)
if packed and cjson.decode(packed).attempt == attempt then
  close(id, packed, { 0, 0, 0 })
  return answer('1')
end
local charged = redis.call('GET', endedKey(id))
if not charged then return answer('0') end
local held = cjson.decode(charged)
if held.attempt ~= attempt then return answer('0') end
redis.call('DEL', endedKey(id))
for _, key in ipairs(held.accounts) do
  local account = load(key)
  if account.startedAt then
    settle(account, amountsOf(held), -1)
    save(account)
  end
end
return answer('1')
`;

/** Charges in full the open reservations whose ids begin with ARGV[2]; answers the id, cost, tokens and calls of each. */
export const CHARGE_ABANDONED = `
local prefix, ended = ARGV[2], {}
for _, id in ipairs(redis.call('HKEYS', OPEN)) do
  if string.sub(id, 1, #prefix) == prefix then
    local packed = redis.call('HGET', OPEN, id)
    local held = cjson.decode(packed)
    close(id, packed)
    for _, value in ipairs({ id, held.cost, held.tokens, held.calls }) do ended[#ended + 1] = value end
  end
end
local reply = answer()
for _, value in ipairs(ended) do reply[#reply + 1] = value end
return reply
`;

/** Puts off the end of leases; of those that are not open any more, nothing. ARGV: 2 lease (ms), from 3 on ids. */
export const HEARTBEAT = `
local lease = int(now + tonumber(ARGV[2]))
for i = 3, #ARGV do redis.call('ZADD', LEASES, 'XX', 'GT', lease, ARGV[i]) end
return answer()
`;
