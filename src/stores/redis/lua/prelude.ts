import { MINUTE_MS, SPENDING_KEPT_MS } from '../../../budget/index.ts';
import { EPOCH_STATE } from './epoch.ts';

/**
 * By how many minutes the spending of an account may exceed what is kept before it is trimmed, which reads
 * all of it.
 */
const SPENDING_SLACK = 120;

/** How many accounts are listed before expired ones leave the list. */
const LISTED_AT_LEAST = 1_000;

/** How long a client whose reserve was not answered can still undo it after its lease ended, milliseconds. */
const ENDED_KEPT_MS = 600_000;

/**
 * The beginning of every script: the server's time, the accounts, and the end of reservations whose lease is
 * over.
 *
 * Numbers are doubles in Lua, as in JavaScript: integers are exact up to 2^53, and are written with `%.0f`,
 * because `tostring` keeps 14 digits.
 *
 * KEYS: 1 open reservations, 2 their leases, 3 the epoch, 4 the keys of all accounts, from 5 on the accounts.
 * ARGV: 1 the envelope: the deadline, by the server's clock, after which the client no longer waits for the
 * answer, and what the client knows of the epoch.
 *
 * An answer is `ok`, the server's time, the epoch's id, its generation, its segment and when its recovery ends;
 * how many accounts follow, the key and the state of each; and the values of the script.
 */
export const PRELUDE = `
local OPEN, LEASES, EPOCH, ACCOUNTS, FIRST_ACCOUNT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], 5
local DEADLINE, KNOWN_ID, KNOWN_GENERATION, KNOWN_SEGMENT, RECOVERY, SETTLING =
  string.match(ARGV[1], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
local MAX_INTEGER = ${Number.MAX_SAFE_INTEGER}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(value) return string.format('%.0f', value) end

-- After the deadline (the server was paused or slow) the caller has been told that nothing was changed.
if now > tonumber(DEADLINE) then return { 'retry', int(now) } end
${EPOCH_STATE}
-- An account: 1 to 3 settled and 4 to 6 reserved (cost, tokens, calls), 7 open; granted: these three, and
-- milliseconds; found: what was settled before the script; the segment and the generation of its
-- last change; parts: what was charged in earlier segments.
local function load_account(key)
  local got = redis.call('HMGET', key, 'settledCost', 'settledTokens', 'settledCalls',
    'reservedCost', 'reservedTokens', 'reservedCalls', 'open', 'startedAt', 'expireAt', 'definition',
    'grantedCost', 'grantedTokens', 'grantedCalls', 'grantedMs', 'segment', 'generation', 'parts')
  local account = { key = key, startedAt = tonumber(got[8] or nil), expireAt = got[9] or '', definition = got[10] or '', granted = {} }
  for i = 1, 7 do account[i] = tonumber(got[i] or 0) end
  for i = 1, 4 do account.granted[i] = tonumber(got[i + 10] or 0) end
  account.found = { account[1], account[2], account[3] }
  account.segment, account.generation, account.parts = got[15], tonumber(got[16] or 0), got[17] or ''
  seen[key] = account
  return account
end

-- Loads an account that is used. If the server has evicted it, what is open on it is reserved again, and a new epoch begins, in which the clients write back what was settled.
local function find_account(key)
  local account = load_account(key)
  if account.startedAt or not was_evicted(key) then return account end
  begin_segment()
  begin_epoch()
  for _, packed in ipairs(redis.call('HVALS', OPEN)) do
    local held = cjson.decode(packed)
    for _, other in ipairs(held.accounts) do
      if other == key then
        for i, amount in ipairs({ held.cost, held.tokens, held.calls }) do account[i + 3] = account[i + 3] + tonumber(amount) end
        account[7] = account[7] + 1
      end
    end
  end
  return account
end

local function spending_key(key) return key .. ':spending' end

local function save_grant(account)
  written = true
  redis.call('HSET', account.key, 'grantedCost', int(account.granted[1]), 'grantedTokens', int(account.granted[2]),
    'grantedCalls', int(account.granted[3]), 'grantedMs', int(account.granted[4]))
end

-- The limit with what was granted; nil if there is none.
local function raised_limit(account, which, limit)
  limit = tonumber(limit)
  return limit and math.min(limit + account.granted[which], MAX_INTEGER)
end

local function save_account(account)
  redis.call('HSET', account.key, 'settledCost', int(account[1]), 'settledTokens', int(account[2]),
    'settledCalls', int(account[3]), 'reservedCost', int(account[4]), 'reservedTokens', int(account[5]),
    'reservedCalls', int(account[6]), 'open', int(account[7]),
    'startedAt', int(account.startedAt or now), 'expireAt', account.expireAt, 'generation', int(generation + 1))
  keep_parts(account)
  account.generation = generation + 1
  written = true
  if account.expireAt == '' then return end
  -- A window that is over expires some time later, but never while a reservation is open.
  if account[7] > 0 then redis.call('PERSIST', account.key)
  else redis.call('PEXPIREAT', account.key, account.expireAt) end
end

local function add_amounts(account, first, amounts, sign)
  for i = 1, 3 do account[first + i - 1] = math.max(0, account[first + i - 1] + sign * amounts[i]) end
end

-- Settles an amount, or undoes that, and records it by the minute as well.
local function settle_amounts(account, amounts, sign)
  if amounts[1] == 0 and amounts[2] == 0 and amounts[3] == 0 then return end
  add_amounts(account, 1, amounts, sign)
  local key, minute = spending_key(account.key), int(math.floor(now / ${MINUTE_MS}))
  local sums = { 0, 0, 0 }
  local known = redis.call('HGET', key, minute)
  if known then
    for i, part in ipairs(cjson.decode(known)) do sums[i] = tonumber(part) end
  end
  for i = 1, 3 do sums[i] = int(math.max(0, sums[i] + sign * amounts[i])) end
  redis.call('HSET', key, minute, cjson.encode(sums))
  if not known and redis.call('HLEN', key) > ${SPENDING_KEPT_MS / MINUTE_MS + SPENDING_SLACK} then
    for _, one in ipairs(redis.call('HKEYS', key)) do
      if now - tonumber(one) * ${MINUTE_MS} > ${SPENDING_KEPT_MS} then redis.call('HDEL', key, one) end
    end
  end
  if account.expireAt ~= '' then redis.call('PEXPIREAT', key, account.expireAt) end
end

-- The amounts that a reservation holds.
local function amounts_of(held) return { tonumber(held.cost), tonumber(held.tokens), tonumber(held.calls) } end

-- Ends a reservation: charges what was used, or all of it, and frees the rest. Returns its accounts.
local function end_reservation(id, packed, used)
  local held = cjson.decode(packed)
  local amounts = amounts_of(held)
  local accounts = {}
  for index, key in ipairs(held.accounts) do accounts[index] = find_account(key) end
  redis.call('HDEL', OPEN, id)
  redis.call('ZREM', LEASES, id)
  for _, account in ipairs(accounts) do
    add_amounts(account, 4, amounts, -1)
    settle_amounts(account, used or amounts, 1)
    account[7] = math.max(0, account[7] - 1)
    save_account(account)
  end
  return accounts
end

-- Asks the client for another try: at once, or after a pause.
local function again(word)
  save_epoch()
  return { word, int(now) }
end

local function ended_key(id) return OPEN .. ':ended:' .. id end

-- Not while clients are about to say what became of that which an old copy has open.
local ended = is_settling() and {} or redis.call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 200)
for _, id in ipairs(ended) do
  local packed = redis.call('HGET', OPEN, id)
  if packed then
    end_reservation(id, packed)
    redis.call('SET', ended_key(id), packed, 'PX', '${ENDED_KEPT_MS}')
  else redis.call('ZREM', LEASES, id) end
end
if #ended == 200 then return again('retry') end

-- Undoes the charge of a reservation whose lease ended, if that attempt made it. Returns whether it did.
local function undo_ended(id, attempt)
  local charged = redis.call('GET', ended_key(id))
  if not charged then return false end
  local held = cjson.decode(charged)
  if held.attempt ~= attempt then return false end
  redis.call('DEL', ended_key(id))
  for _, key in ipairs(held.accounts) do
    local account = load_account(key)
    if account.startedAt then
      settle_amounts(account, amounts_of(held), -1)
      save_account(account)
    end
  end
  return true
end

local function answer(...)
  save_epoch()
  local list = { 'ok', int(now), is_stored and epoch_id or '', int(generation), segment, int(recovering), '0' }
  local count = 0
  for key, account in pairs(seen) do
    if account.startedAt then
      count = count + 1
      list[#list + 1] = key
      list[#list + 1] = state_of(account)
    end
  end
  list[7] = int(count)
  for _, value in ipairs({ ... }) do list[#list + 1] = value end
  return list
end

local function balances(account)
  local list = {}
  for i = 1, 7 do list[i] = int(account[i]) end
  list[8] = int(account.startedAt)
  for i = 1, 4 do list[8 + i] = int(account.granted[i]) end
  return unpack(list)
end

-- The accounts of KEYS in their present windows, created if they are new; nil if the client chose the wrong
-- window. Each has step arguments, which begin with the start and the end of the window, its expiry, and the
-- definition.
local function present_accounts(from, step)
  local accounts = {}
  for i = FIRST_ACCOUNT, #KEYS do
    local at = from + (i - FIRST_ACCOUNT) * step
    if now < tonumber(ARGV[at]) or now >= tonumber(ARGV[at + 1]) then return nil end
  end
  for i = FIRST_ACCOUNT, #KEYS do
    local at = from + (i - FIRST_ACCOUNT) * step
    -- That of a window which is over has expired, and was not evicted.
    local is_over = ARGV[at + 2] ~= '' and now >= tonumber(ARGV[at + 2])
    local account = is_over and load_account(KEYS[i]) or find_account(KEYS[i])
    account.at = at + 4
    if not account.startedAt then
      account.expireAt = ARGV[at + 2]
      account.startedAt = account.expireAt == '' and now or tonumber(ARGV[at])
      save_account(account)
    end
    if account.definition ~= ARGV[at + 3] then
      account.definition = ARGV[at + 3]
      redis.call('HSET', account.key, 'definition', account.definition)
      list_account(account.key)
      -- Two expired accounts leave a long list for each that is added, so that it does not grow forever. In a
      -- short one they stay: the clock may have been wrong when they expired.
      if redis.call('SCARD', ACCOUNTS) > ${LISTED_AT_LEAST} then
        for _, other in ipairs(redis.call('SRANDMEMBER', ACCOUNTS, 2)) do
          if redis.call('EXISTS', other) == 0 then redis.call('SREM', ACCOUNTS, other) end
        end
      end
    end
    accounts[#accounts + 1] = account
  end
  return accounts
end
`;
