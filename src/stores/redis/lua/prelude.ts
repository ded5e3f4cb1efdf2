import { MINUTE_MS, SPENDING_KEPT_MS } from '../../../budget/index.ts';

/** By how many minutes the spending of an account is longer than it is kept before it is cut: cutting reads it whole. */
const SLACK = 120;

/** How long a reservation whose lease ended can still be taken back by a client that never heard that it was taken, milliseconds. */
const ENDED_KEPT_MS = 600_000;

/**
 * What every script begins with: the server's time, the accounts, and the end of reservations whose lease is over.
 *
 * Numbers are doubles in Lua, as in JavaScript: integers are exact up to 2^53, and are written with `%.0f`, because `tostring` keeps
 * 14 digits. KEYS: 1 open reservations, 2 their leases, 3 the epoch, 4 charges that could be taken back, 5 the keys
 * of all accounts, from 6 on the accounts.
 * ARGV: 1 the time, by the server, after which nobody waits for the answer.
 */
export const PRELUDE = `
local OPEN, LEASES, EPOCH, CHARGES, ACCOUNTS, FIRST = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], 6
local MOST = ${Number.MAX_SAFE_INTEGER}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(value) return string.format('%.0f', value) end

-- Executed later than the caller waits (the server was paused or slow): it was told that nothing was changed.
if now > tonumber(ARGV[1]) then return { 'retry', int(now) } end

-- 1 to 3 settled, 4 to 6 reserved: cost, tokens, calls; 7 open. Granted: these three, and milliseconds.
local function load(key)
  local got = redis.call('HMGET', key, 'settledCost', 'settledTokens', 'settledCalls',
    'reservedCost', 'reservedTokens', 'reservedCalls', 'open', 'startedAt', 'expireAt', 'definition',
    'grantedCost', 'grantedTokens', 'grantedCalls', 'grantedMs')
  local account = { key = key, startedAt = tonumber(got[8] or nil), expireAt = got[9] or '', definition = got[10] or '', granted = {} }
  for i = 1, 7 do account[i] = tonumber(got[i] or 0) end
  for i = 1, 4 do account.granted[i] = tonumber(got[i + 10] or 0) end
  return account
end

local function spendingKey(key) return key .. ':spending' end

local function saveGrant(account)
  redis.call('HSET', account.key, 'grantedCost', int(account.granted[1]), 'grantedTokens', int(account.granted[2]),
    'grantedCalls', int(account.granted[3]), 'grantedMs', int(account.granted[4]))
end

-- The limit with what was granted; nil where there is none.
local function raised(account, which, limit)
  limit = tonumber(limit)
  return limit and math.min(limit + account.granted[which], MOST)
end

local function save(account)
  redis.call('HSET', account.key, 'settledCost', int(account[1]), 'settledTokens', int(account[2]),
    'settledCalls', int(account[3]), 'reservedCost', int(account[4]), 'reservedTokens', int(account[5]),
    'reservedCalls', int(account[6]), 'open', int(account[7]),
    'startedAt', int(account.startedAt or now), 'expireAt', account.expireAt)
  if account.expireAt == '' then return end
  -- A window that is over is forgotten some time later, but never under an open reservation.
  if account[7] > 0 then redis.call('PERSIST', account.key)
  else redis.call('PEXPIREAT', account.key, account.expireAt) end
end

local function add(account, first, amounts, sign)
  for i = 1, 3 do account[first + i - 1] = math.max(0, account[first + i - 1] + sign * amounts[i]) end
end

-- Settles an amount, or takes it back, and tells it by the minute as well.
local function settle(account, amounts, sign)
  if amounts[1] == 0 and amounts[2] == 0 and amounts[3] == 0 then return end
  add(account, 1, amounts, sign)
  local key, minute = spendingKey(account.key), int(math.floor(now / ${MINUTE_MS}))
  local sums = { 0, 0, 0 }
  local known = redis.call('HGET', key, minute)
  if known then
    for i, part in ipairs(cjson.decode(known)) do sums[i] = tonumber(part) end
  end
  for i = 1, 3 do sums[i] = int(math.max(0, sums[i] + sign * amounts[i])) end
  redis.call('HSET', key, minute, cjson.encode(sums))
  if not known and redis.call('HLEN', key) > ${SPENDING_KEPT_MS / MINUTE_MS + SLACK} then
    for _, one in ipairs(redis.call('HKEYS', key)) do
      if now - tonumber(one) * ${MINUTE_MS} > ${SPENDING_KEPT_MS} then redis.call('HDEL', key, one) end
    end
  end
  if account.expireAt ~= '' then redis.call('PEXPIREAT', key, account.expireAt) end
end

-- What a reservation holds.
local function amountsOf(held) return { tonumber(held.cost), tonumber(held.tokens), tonumber(held.calls) } end

-- Ends a reservation: charges what was used, or all of it, and frees the rest. Answers its accounts.
local function close(id, packed, used)
  local held = cjson.decode(packed)
  local amounts = amountsOf(held)
  redis.call('HDEL', OPEN, id)
  redis.call('ZREM', LEASES, id)
  local accounts = {}
  for index, key in ipairs(held.accounts) do
    local account = load(key)
    add(account, 4, amounts, -1)
    settle(account, used or amounts, 1)
    account[7] = math.max(0, account[7] - 1)
    save(account)
    accounts[index] = account
  end
  return accounts
end

local function endedKey(id) return OPEN .. ':ended:' .. id end

local ended = redis.call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 200)
for _, id in ipairs(ended) do
  local packed = redis.call('HGET', OPEN, id)
  if packed then
    close(id, packed)
    redis.call('SET', endedKey(id), packed, 'PX', '${ENDED_KEPT_MS}')
  else redis.call('ZREM', LEASES, id) end
end
if #ended == 200 then return { 'retry', int(now) } end

local function answer(...) return { 'ok', int(now), ... } end

local function balances(account)
  local list = {}
  for i = 1, 7 do list[i] = int(account[i]) end
  list[8] = int(account.startedAt)
  for i = 1, 4 do list[8 + i] = int(account.granted[i]) end
  return unpack(list)
end

-- The accounts of KEYS in their present windows, made where they are new; nil where the client took the wrong window for the
-- present one. Each has step arguments, which begin with the start and the end of the window, when to forget it, and the definition.
local function present(from, step)
  local accounts = {}
  for i = FIRST, #KEYS do
    local at = from + (i - FIRST) * step
    if now < tonumber(ARGV[at]) or now >= tonumber(ARGV[at + 1]) then return nil end
  end
  for i = FIRST, #KEYS do
    local at = from + (i - FIRST) * step
    local account = load(KEYS[i])
    account.at = at + 4
    if not account.startedAt then
      account.expireAt = ARGV[at + 2]
      account.startedAt = account.expireAt == '' and now or tonumber(ARGV[at])
      save(account)
    end
    if account.definition ~= ARGV[at + 3] then
      account.definition = ARGV[at + 3]
      redis.call('HSET', account.key, 'definition', account.definition)
      redis.call('SADD', ACCOUNTS, account.key)
      -- Accounts that were forgotten leave the list two for each that comes, so that it stays as long as it has to be.
      for _, other in ipairs(redis.call('SRANDMEMBER', ACCOUNTS, 2)) do
        if redis.call('EXISTS', other) == 0 then redis.call('SREM', ACCOUNTS, other) end
      end
    end
    accounts[#accounts + 1] = account
  end
  return accounts
end
`;
