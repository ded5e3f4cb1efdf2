/**
 * How far the generation of a new epoch is ahead of the last one that anybody is known to have seen, so that
 * what is known of an earlier epoch is recognized as older.
 */
const GENERATION_GAP = 2 ** 20;

/** How many segments are remembered: a client that has not spoken for longer is taken to know the oldest one. */
const SEGMENTS_KEPT = 8;

/**
 * The epoch: a random id that the ledger gets when it is empty, and a generation that each change increments.
 * A segment is what one run of the server wrote: a restart and a failover begin another, as `run_id` shows.
 * https://redis.io/docs/latest/commands/info/
 *
 * A client sends the id, the segment and the highest generation that it has seen. The ledger has forgotten
 * something if it has another id, if it lacks an account that it lists, or if the client has seen a later
 * generation than the one with which the segment that it knows ended here. Then it gets a new id, by which every client finds
 * out, and recovers for some time: until then strict budgets admit nothing, so that the clients can write
 * back what they know. After a restart they wait for some seconds before they admit anything, so that
 * every client has spoken.
 *
 * An account keeps what was charged to it in each segment, and the generation of that. Of each segment, what is
 * known of the latest generation wins, whoever knows it: so what a lost ledger had is restored, what
 * was charged since is kept, and nothing is charged twice, also if the ledger is lost again meanwhile
 * (`test/model/older-copy-model.ts` explores that).
 */
export const EPOCH_STATE = `
local stored = redis.call('HMGET', EPOCH, 'id', 'generation', 'recovering', 'settling', 'segments')
local is_stored = stored[1] and true
local ids = 0
local function new_id()
  ids = ids + 1
  return string.sub(redis.sha1hex(table.concat(clock, ' ') .. table.concat(ARGV, ' ') .. table.concat(KEYS, ' ') .. ids), 1, 16)
end
local epoch_id = stored[1] or new_id()
local generation, recovering, settling = tonumber(stored[2] or 0), tonumber(stored[3] or 0), tonumber(stored[4] or 0)
local is_known, known_generation = KNOWN_ID ~= '-', tonumber(KNOWN_GENERATION)
-- Whether the script changes something, the epoch itself, or the list of accounts; the accounts that it has loaded.
local written, has_begun, has_listed, seen = false, not is_stored, not is_stored, {}

-- Each segment: its id, the generation that it began with, and the run of the server.
local segments = {}
for id, first, run in string.gmatch(stored[5] or '', '(%S+) (%S+) (%S+)') do
  segments[#segments + 1] = { id = id, first = tonumber(first), run = run }
end

local info = redis.pcall('INFO', 'server')
-- Where a user may not read it, only the generation shows that something is missing.
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or '-'
local segment = #segments > 0 and segments[#segments].id

local function begin_segment()
  segment = new_id()
  segments[#segments + 1] = { id = segment, first = generation, run = run }
  if #segments > ${SEGMENTS_KEPT} then table.remove(segments, 1) end
  written = true
  has_begun = true
end

local is_other_run = #segments > 0 and run ~= '-' and segments[#segments].run ~= run
-- A run that was seen before is not waited for: two servers that both write would be waited for without an end.
local is_restarted = is_other_run
for _, one in ipairs(segments) do is_restarted = is_restarted and one.run ~= run end
if is_other_run or #segments == 0 then begin_segment() end
if is_restarted then settling = now + tonumber(SETTLING) end

-- Whether the client has seen what this ledger lacks.
local function has_lost()
  for index, segment in ipairs(segments) do
    if segment.id == KNOWN_SEGMENT then
      local after = segments[index + 1]
      return known_generation > (after and after.first or generation)
    end
  end
  return known_generation > segments[1].first
end

-- Admits nothing to strict budgets for some time, once in an epoch.
local function begin_recovery()
  if recovering == 0 then recovering = now + tonumber(RECOVERY) end
  generation = math.max(generation, is_known and known_generation or 0) + ${GENERATION_GAP}
  written = true
  has_begun = true
end

local function begin_epoch()
  if is_stored then
    epoch_id = new_id()
    recovering = 0
  end
  has_listed = true
  begin_recovery()
end

if is_known and is_stored and KNOWN_ID == epoch_id then
  if has_lost() then
    -- The same run went back, as a replica does that follows another.
    if segment == KNOWN_SEGMENT then begin_segment() end
    begin_epoch()
  end
elseif is_known then
  if recovering == 0 or known_generation >= generation then begin_recovery() end
elseif not is_stored and redis.call('EXISTS', ACCOUNTS) == 1 then begin_epoch() end

-- Whether clients may be about to say what the ledger lacks.
local function is_settling() return now < math.max(recovering, settling) end

local function is_recovering()
  return now < recovering or (is_known and KNOWN_ID ~= epoch_id)
end

local function save_epoch()
  if not written then return end
  generation = generation + 1
  is_stored = true
  if has_begun then
    local list = {}
    for _, one in ipairs(segments) do list[#list + 1] = one.id .. ' ' .. int(one.first) .. ' ' .. one.run end
    redis.call('HSET', EPOCH, 'id', epoch_id, 'generation', int(generation), 'recovering', int(recovering),
      'settling', int(settling), 'segments', table.concat(list, ' '))
  else redis.call('HINCRBY', EPOCH, 'generation', '1') end
  if has_listed then redis.call('HSET', EPOCH, 'accounts', redis.call('SCARD', ACCOUNTS)) end
end

-- Whether an account that is not there was: it is listed, or the list itself has shrunk.
local function was_evicted(key)
  if redis.call('SISMEMBER', ACCOUNTS, key) == 1 then return true end
  return redis.call('SCARD', ACCOUNTS) < tonumber(redis.call('HGET', EPOCH, 'accounts') or 0)
end

local function list_account(key)
  redis.call('SADD', ACCOUNTS, key)
  written = true
  has_listed = true
end

-- Each segment in which an account was charged: its id, the generation of that, and the amounts.
local function parse_parts(text)
  local parts = {}
  for id, made, cost, tokens, calls in string.gmatch(text, '(%S+) (%S+) (%S+) (%S+) (%S+)') do
    parts[#parts + 1] = { id = id, made = tonumber(made), tonumber(cost), tonumber(tokens), tonumber(calls) }
  end
  return parts
end

local function format_parts(parts)
  local list = {}
  for _, part in ipairs(parts) do
    list[#list + 1] = string.format('%s %.0f %.0f %.0f %.0f', part.id, part.made, part[1], part[2], part[3])
  end
  return table.concat(list, ' ')
end

-- Adds the part of the segment of the last change, which is the rest of what was settled. The oldest become one.
local function add_part(parts, id, made, settled)
  local part = { id = id, made = made, settled[1], settled[2], settled[3] }
  for _, other in ipairs(parts) do
    for i = 1, 3 do part[i] = part[i] - other[i] end
  end
  parts[#parts + 1] = part
  if #parts <= ${SEGMENTS_KEPT} then return end
  local oldest = table.remove(parts, 1)
  for i = 1, 3 do parts[1][i] = parts[1][i] + oldest[i] end
  parts[1].id = '*'
end

-- With the first change in a segment, keeps what was charged in the one before.
local function keep_parts(account)
  if account.segment == segment then return end
  if account.segment then
    local parts = parse_parts(account.parts)
    add_part(parts, account.segment, account.generation, account.found)
    account.parts = format_parts(parts)
  end
  account.segment = segment
  redis.call('HSET', account.key, 'segment', segment, 'parts', account.parts)
end

-- What a client remembers of an account, for a restore.
local function state_of(account)
  return string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %s %s %.0f %s', account[1], account[2], account[3],
    account.startedAt, account.granted[1], account.granted[2], account.granted[3], account.granted[4],
    account.expireAt == '' and '-' or account.expireAt, account.segment, account.generation, account.parts)
end
`;
