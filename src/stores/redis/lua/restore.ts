/** How long it is remembered which reservations had ended before the ledger forgot it, milliseconds. */
const ENDED_KEPT_MS = 600_000;

/**
 * Writes back what a client knows after the ledger has forgotten something. Clients may do so in any order, and
 * repeatedly: of each segment of an account, what is known of the latest generation wins.
 *
 * ARGV: 2 as JSON: `ended`, ids of reservations that were settled or released; `accounts`, of each its key and
 * its state; `open`, of each reservation its id, lease (ms), attempt, amounts, and of each of its
 * accounts the key, start of the window, expiry and definition.
 */
export const RESTORE = `
local given = cjson.decode(ARGV[2])
local ENDED = EPOCH .. ':ended'

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
      settle_amounts(account, amounts, -1)
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

-- Takes over the parts of a state that are later than those of the account. Returns whether there are any.
local function merge_parts(account, state)
  local known = parse_parts(table.concat(state, ' ', 12))
  add_part(known, state[10], tonumber(state[11]), { tonumber(state[1]), tonumber(state[2]), tonumber(state[3]) })
  keep_parts(account)
  local parts, is_changed = parse_parts(account.parts), false
  local oldest = parts[1] and parts[1].id == '*' and parts[1].made or -1
  for _, part in ipairs(known) do
    local found
    for _, other in ipairs(parts) do
      if other.id == part.id then found = other end
    end
    -- What is older than all of them is in the oldest already.
    if part.id ~= segment and part.made > (found and found.made or oldest) then
      for i = 1, 3 do
        account[i] = math.min(math.max(0, account[i] + part[i] - (found and found[i] or 0)), MAX_INTEGER)
        if found then found[i] = part[i] end
      end
      if found then found.made = part.made else parts[#parts + 1] = part end
      is_changed = true
    end
  end
  account.parts = format_parts(parts)
  redis.call('HSET', account.key, 'parts', account.parts)
  return is_changed
end

for _, one in ipairs(given.accounts) do
  local key, state = one[1], {}
  for word in string.gmatch(one[2], '%S+') do state[#state + 1] = word end
  local expire_at = state[9] == '-' and '' or state[9]
  if expire_at == '' or now < tonumber(expire_at) then
    local account = load_account(key)
    if merge_parts(account, state) or not account.startedAt then
      account.startedAt = math.min(account.startedAt or MAX_INTEGER, tonumber(state[4]))
      account.expireAt = expire_at
      for i = 1, 4 do account.granted[i] = math.max(account.granted[i], tonumber(state[i + 4])) end
      save_account(account)
      save_grant(account)
      list_account(key)
    end
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
