/**
 * What every script begins with: the server's time, the accounts, and the end of reservations whose lease is over.
 *
 * Numbers are doubles in Lua, as in JavaScript: integers are exact up to 2^53, and are written with `%.0f`, because `tostring` keeps
 * 14 digits. KEYS: 1 open reservations, 2 their leases, 3 the epoch, 4 charges that could be taken back, from 5 on the accounts.
 * ARGV: 1 the time, by the server, after which nobody waits for the answer.
 */
export const PRELUDE = `
local OPEN, LEASES, EPOCH, CHARGES, FIRST = KEYS[1], KEYS[2], KEYS[3], KEYS[4], 5
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(value) return string.format('%.0f', value) end

-- Executed later than the caller waits (the server was paused or slow): it was told that nothing was changed.
if now > tonumber(ARGV[1]) then return { 'retry', int(now) } end

-- 1 to 3 settled, 4 to 6 reserved: cost, tokens, calls; 7 open.
local function load(key)
  local got = redis.call('HMGET', key, 'settledCost', 'settledTokens', 'settledCalls',
    'reservedCost', 'reservedTokens', 'reservedCalls', 'open', 'startedAt', 'expireAt')
  local account = { key = key, startedAt = tonumber(got[8] or nil), expireAt = got[9] or '' }
  for i = 1, 7 do account[i] = tonumber(got[i] or 0) end
  return account
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

-- Ends a reservation: charges what was used, or all of it, and frees the rest.
local function close(id, packed, used)
  local held = cjson.decode(packed)
  local amounts = { tonumber(held.cost), tonumber(held.tokens), tonumber(held.calls) }
  redis.call('HDEL', OPEN, id)
  redis.call('ZREM', LEASES, id)
  for _, key in ipairs(held.accounts) do
    local account = load(key)
    add(account, 4, amounts, -1)
    add(account, 1, used or amounts, 1)
    account[7] = math.max(0, account[7] - 1)
    save(account)
  end
end

local ended = redis.call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 200)
for _, id in ipairs(ended) do
  local packed = redis.call('HGET', OPEN, id)
  if packed then close(id, packed) else redis.call('ZREM', LEASES, id) end
end
if #ended == 200 then return { 'retry', int(now) } end

local function answer(...) return { 'ok', int(now), ... } end

local function balances(account)
  local list = {}
  for i = 1, 7 do list[i] = int(account[i]) end
  list[8] = int(account.startedAt)
  return unpack(list)
end

-- The accounts of KEYS in their present windows, made where they are new; nil where the client took the wrong window for the
-- present one. Each has step arguments, which begin with the start and the end of the window and when to forget it.
local function present(from, step)
  local accounts = {}
  for i = FIRST, #KEYS do
    local at = from + (i - FIRST) * step
    if now < tonumber(ARGV[at]) or now >= tonumber(ARGV[at + 1]) then return nil end
  end
  for i = FIRST, #KEYS do
    local at = from + (i - FIRST) * step
    local account = load(KEYS[i])
    account.at = at + 3
    if not account.startedAt then
      account.expireAt = ARGV[at + 2]
      account.startedAt = account.expireAt == '' and now or tonumber(ARGV[at])
      save(account)
    end
    accounts[#accounts + 1] = account
  end
  return accounts
end
`;
