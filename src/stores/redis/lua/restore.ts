/** How long it is remembered which reservations had ended before the ledger forgot it, milliseconds. */
const ENDED_KEPT_MS = 600_000;

/**
 * Writes back what a client knows after the ledger has forgotten something. Clients may do so in any order, and
 * repeatedly: of each account, the state of the latest generation wins.
 *
 * ARGV: 2 as JSON: `ended`, ids of reservations that were settled or released; `accounts`, of each its key, the
 * segment, the generation and the state; `open`, of each reservation its id, lease (ms), attempt, amounts, and of each of its
 * accounts the key, start of the window, expiry and definition.
 */
export const RESTORE = `
local given = cjson.decode(ARGV[2])
local ENDED = EPOCH .. ':ended'

local function base_of(account)
  if account.segment ~= segment then
    return { account.found[1], account.found[2], account.found[3], account.generation }
  end
  local got = redis.call('HMGET', account.key, 'baseCost', 'baseTokens', 'baseCalls', 'baseGeneration')
  local base = {}
  for i = 1, 4 do base[i] = tonumber(got[i] or 0) end
  return base
end

local function save_base(account, base)
  account.segment = segment
  redis.call('HSET', account.key, 'segment', segment, 'baseCost', int(base[1]), 'baseTokens', int(base[2]),
    'baseCalls', int(base[3]), 'baseGeneration', int(base[4]))
end

-- Undoes that a reservation was charged in full, because an old copy of the ledger had it open for too long.
local function uncharge_ended(id)
  local packed = redis.call('GET', ended_key(id))
  if not packed then return end
  redis.call('DEL', ended_key(id))
  local held = cjson.decode(packed)
  local amounts = amounts_of(held)
  for _, key in ipairs(held.accounts) do
    local account = load_account(key)
    if account.startedAt then
      local base = base_of(account)
      for i = 1, 3 do base[i] = math.max(0, base[i] - amounts[i]) end
      settle_amounts(account, amounts, -1)
      save_base(account, base)
      save_account(account)
    end
  end
end

for _, id in ipairs(given.ended) do
  local packed = redis.call('HGET', OPEN, id)
  if packed then end_reservation(id, packed, { 0, 0, 0 }) else uncharge_ended(id) end
  redis.call('SADD', ENDED, id)
end
if #given.ended > 0 then redis.call('PEXPIRE', ENDED, '${ENDED_KEPT_MS}') end

for _, one in ipairs(given.accounts) do
  local key, known_in, known_at = one[1], one[2], tonumber(one[3])
  local state = {}
  for part in string.gmatch(one[4], '%S+') do state[#state + 1] = part end
  local expire_at = state[9] or ''
  local is_over = expire_at ~= '' and now >= tonumber(expire_at)
  local account = load_account(key)
  local base = base_of(account)
  if not is_over and known_in ~= segment and known_at > base[4] then
    for i = 1, 3 do
      local value = tonumber(state[i])
      account[i] = math.min(account[i] + math.max(0, value - base[i]), MAX_INTEGER)
      base[i] = math.max(base[i], value)
    end
    base[4] = known_at
    account.startedAt = math.min(account.startedAt or MAX_INTEGER, tonumber(state[4]))
    account.expireAt = expire_at
    for i = 1, 4 do account.granted[i] = math.max(account.granted[i], tonumber(state[i + 4])) end
    save_base(account, base)
    save_account(account)
    save_grant(account)
    list_account(key)
  end
end

for _, one in ipairs(given.open) do
  if redis.call('HEXISTS', OPEN, one.id) == 0 and redis.call('SISMEMBER', ENDED, one.id) == 0 then
    uncharge_ended(one.id)
    local amounts, keys = amounts_of(one), {}
    for index, span in ipairs(one.accounts) do
      local account = load_account(span[1])
      if not account.startedAt then
        account.expireAt = span[3]
        account.startedAt = span[3] == '' and now or tonumber(span[2])
        redis.call('HSET', account.key, 'definition', span[4])
        list_account(account.key)
      end
      add_amounts(account, 4, amounts, 1)
      account[7] = account[7] + 1
      save_account(account)
      keys[index] = account.key
    end
    redis.call('HSET', OPEN, one.id, cjson.encode({
      cost = one.cost, tokens = one.tokens, calls = one.calls, accounts = keys, attempt = one.attempt }))
  end
  redis.call('ZADD', LEASES, 'GT', int(now + tonumber(one.lease)), one.id)
end
return answer()
`;
