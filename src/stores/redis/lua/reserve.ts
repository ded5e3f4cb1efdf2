/**
 * Reserves on all accounts or on none: `admit` of budget/admission.ts, statement by statement, on the server.
 *
 * ARGV: 2 id, 3 the name of the attempt, 4 lease (ms), 5 to 7 the fixed part (nano-USD, tokens, calls), 8
 * pico-USD of a token of output cap, 9 choices, 10 output cap, 11 whether it is the caller's (1); from 12 on,
 * for each account: start and end of the window, its expiry, definition, mode, limits (nano-USD, tokens,
 * calls; empty: none), milliseconds (empty: none), maxShare, minOutputTokens.
 */
export const RESERVE = `
local id, attempt, lease = ARGV[2], ARGV[3], tonumber(ARGV[4])
local fixed = { tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]) }
local pico, choices, cap, capped = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1'

-- ceil(pico * count / 1000), exact though the product may pass 2^53.
local function nano(count)
  local low = math.fmod(pico, 1000)
  local rest = low * count
  local over = math.fmod(rest, 1000)
  return (pico - low) / 1000 * count + (rest - over) / 1000 + (over > 0 and 1 or 0)
end

-- floor(rest * 1000 / pico), by long division, exact though the product may pass 2^53.
local function tokens_for(rest)
  local left = math.fmod(rest, pico)
  local tokens = (rest - left) / pico
  for _ = 1, 3 do
    local ten = left * 10
    left = math.fmod(ten, pico)
    tokens = tokens * 10 + (ten - left) / pico
  end
  return tokens
end

local function within(which, left)
  local rest = left - fixed[which]
  if rest < 0 then return -1 end
  if which == 2 then return math.floor(rest / choices) end
  if which == 3 or pico == 0 then return math.huge end
  return tokens_for(rest)
end

local function affordable(account, limits, share)
  local tokens, shared, narrowest = math.huge, math.huge, 1
  for which = 1, 3 do
    if limits[which] then
      local left = limits[which] - account[which] - account[which + 3]
      local fits = within(which, left)
      if fits < tokens then
        tokens = fits
        narrowest = which
      end
      -- The input has to be paid in full; the share is of what is left after it.
      if which ~= 3 then
        local part = fixed[which] + math.floor(math.max(0, left - fixed[which]) * share)
        shared = math.min(shared, within(which, part))
      end
    end
  end
  return tokens, math.max(-1, shared), narrowest
end

local accounts = present_accounts(12, 11)
if not accounts then return { 'retry', int(now) } end
local known = redis.call('HGET', OPEN, id)
if known then
  known = cjson.decode(known)
  if known.attempt ~= attempt then return answer('open') end
  -- Repeated, because its answer was lost.
  return answer('admitted', known.cap, known.cost, known.tokens, known.calls)
end
for _, account in ipairs(accounts) do
  if ARGV[account.at] == 'strict' then
    if is_recovering() then return answer('lost') end
    if now < settling then return again('wait') end
  end
end
undo_ended(id, attempt)

local function denied(index, limit)
  return answer('denied', int(index), limit, balances(accounts[index]))
end

local NAMES = { 'costUsd', 'tokens', 'calls' }
local granted = cap
for index, account in ipairs(accounts) do
  local at = account.at
  local mode = ARGV[at]
  if mode ~= 'observe' then
    local limits = {}
    for which = 1, 3 do limits[which] = raised_limit(account, which, ARGV[at + which]) end
    local milliseconds = tonumber(ARGV[at + 4])
    if milliseconds and now - account.startedAt >= milliseconds + account.granted[4] then return denied(index, 'minutes') end
    for which = 1, 3 do
      if limits[which] and account[which] >= limits[which] then return denied(index, NAMES[which]) end
    end
    if mode == 'strict' then
      local least = math.min(cap, tonumber(ARGV[at + 6]))
      local tokens, shared, narrowest = affordable(account, limits, tonumber(ARGV[at + 5]))
      if tokens < least then return denied(index, NAMES[narrowest]) end
      granted = math.min(granted, capped and tokens or math.max(least, shared))
    end
  end
end

local amounts = { fixed[1] + nano(granted), fixed[2] + granted * choices, fixed[3] }
local keys = {}
for _, account in ipairs(accounts) do
  add_amounts(account, 4, amounts, 1)
  account[7] = account[7] + 1
  save_account(account)
  keys[#keys + 1] = account.key
end
local held = {
  cost = int(amounts[1]), tokens = int(amounts[2]), calls = int(amounts[3]), accounts = keys, attempt = attempt,
  cap = int(granted)
}
redis.call('HSET', OPEN, id, cjson.encode(held))
redis.call('ZADD', LEASES, int(now + lease), id)
return answer('admitted', int(granted), held.cost, held.tokens, held.calls)
`;
