import { WINDOW_KEPT_MS } from '../keys.ts';

/**
 * Reserves more for an open reservation, in the windows that it was made in.
 *
 * ARGV: 2 id, 3 to 5 how much more (nano-USD, tokens, calls), 6 the name of the attempt; from 7 on, for each
 * budget of the chain: mode and limits.
 */
export const GROW = `
local id = ARGV[2]
local more = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
local packed = redis.call('HGET', OPEN, id)
if not packed then return answer('0') end
local held = cjson.decode(packed)
-- Repeated, because its answer was lost.
if held.grown == ARGV[6] then return answer('1') end
local accounts = {}
for index, key in ipairs(held.accounts) do
  local account, at = find_account(key), 7 + (index - 1) * 4
  accounts[index] = account
  if not account.startedAt then save_account(account) end
  if ARGV[at] == 'strict' then
    if is_recovering() then return answer('0') end
    if now < settling then return again('wait') end
    for which = 1, 3 do
      local limit = raised_limit(account, which, ARGV[at + which])
      if limit and account[which] + account[which + 3] + more[which] > limit then return answer('0') end
    end
  end
end
for _, account in ipairs(accounts) do
  add_amounts(account, 4, more, 1)
  save_account(account)
end
held.cost = int(tonumber(held.cost) + more[1])
held.tokens = int(tonumber(held.tokens) + more[2])
held.calls = int(tonumber(held.calls) + more[3])
held.grown = ARGV[6]
redis.call('HSET', OPEN, id, cjson.encode(held))
return answer('1')
`;

/**
 * Charges what a reservation used and frees the rest of it.
 *
 * ARGV: 2 id, 3 to 5 what was used (nano-USD, tokens, calls), 6 whether to answer the new balances too (1):
 * the key and the balances of each account whose window is not over.
 */
export const SETTLE = `
local id = ARGV[2]
local packed = redis.call('HGET', OPEN, id)
if not packed then return answer('0') end
local accounts = end_reservation(id, packed, { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) })
local reply = answer('1')
if ARGV[6] ~= '1' then return reply end
for _, account in ipairs(accounts) do
  local over = account.expireAt ~= '' and now >= account.expireAt - ${WINDOW_KEPT_MS}
  if account.startedAt and not over then
    reply[#reply + 1] = account.key
    for _, value in ipairs({ balances(account) }) do reply[#reply + 1] = value end
  end
end
return reply
`;

/** Gives an open reservation another id and lease. ARGV: 2 id, 3 the other id, 4 lease (ms). */
export const TRANSFER = `
local packed, taken = redis.call('HGET', OPEN, ARGV[2]), redis.call('HGET', OPEN, ARGV[3])
-- Repeated, because its answer was lost.
if taken and cjson.decode(taken).from == ARGV[2] then return answer('1') end
if not packed or taken then return answer('0') end
local held = cjson.decode(packed)
held.from = ARGV[2]
redis.call('HDEL', OPEN, ARGV[2])
redis.call('ZREM', LEASES, ARGV[2])
redis.call('HSET', OPEN, ARGV[3], cjson.encode(held))
redis.call('ZADD', LEASES, int(now + tonumber(ARGV[4])), ARGV[3])
written = true
return answer('1')
`;

/**
 * Undoes a reservation whose caller was told that it failed, if that attempt made it: frees it, or, if its
 * lease has ended since, undoes the charge. ARGV: 2 id, 3 the name of the attempt.
 */
export const UNRESERVE = `
local id, attempt = ARGV[2], ARGV[3]
local packed = redis.call('HGET', OPEN, id)
if packed and cjson.decode(packed).attempt == attempt then
  end_reservation(id, packed, { 0, 0, 0 })
  return answer('1')
end
return answer(undo_ended(id, attempt) and '1' or '0')
`;

/**
 * Charges the open reservations whose ids begin with ARGV[2] in full; answers the id, cost, tokens and calls
 * of each.
 */
export const CHARGE_ABANDONED = `
local prefix, ended = ARGV[2], {}
for _, id in ipairs(redis.call('HKEYS', OPEN)) do
  if string.sub(id, 1, #prefix) == prefix then
    local packed = redis.call('HGET', OPEN, id)
    local held = cjson.decode(packed)
    end_reservation(id, packed)
    for _, value in ipairs({ id, held.cost, held.tokens, held.calls }) do ended[#ended + 1] = value end
  end
end
local reply = answer()
for _, value in ipairs(ended) do reply[#reply + 1] = value end
return reply
`;

/** Extends the leases of those that are still open. ARGV: 2 lease (ms), from 3 on ids. */
export const HEARTBEAT = `
local lease = int(now + tonumber(ARGV[2]))
for i = 3, #ARGV do redis.call('ZADD', LEASES, 'XX', 'GT', lease, ARGV[i]) end
return answer()
`;
